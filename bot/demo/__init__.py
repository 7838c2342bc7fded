"""The bot tried out: the sandbox on a page, the real bot beside it, people who have moved in, stories."""

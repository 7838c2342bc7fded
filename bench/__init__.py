"""How fast the bot is, beside the least that anything in its place would cost."""

"""The engine of a turn: one inbox row in, rows out, one transaction."""

"""Telegram: the only package that imports its library."""

import os

# The library's documented opt-in to durations as timedelta; without it every 429 comes with a warning.
os.environ["PTB_TIMEDELTA"] = "true"

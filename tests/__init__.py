"""Tests drive the bot as people do."""

"""The operator's spreadsheets: read, marked where they are wrong, and written."""

from bot.spreadsheets.reading import read as read

"""Lianxin 連心: a chat bot for the self-governance of residential compounds."""

"""A local Telegram for development and tests: people, chats and the Bot API, as strict as the real one."""

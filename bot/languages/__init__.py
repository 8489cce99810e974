"""The bot's own phrases, a file for each language; `bot.language` reads them."""

"""What the bot remembers between starts, in an SQLite database of the data folder."""

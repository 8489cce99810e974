"""From a question to a reply: the desk, the terminal and Discord."""

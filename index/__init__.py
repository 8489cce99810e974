"""From a story to the passages of it that are closest to a question; knows no Discord and no torch."""

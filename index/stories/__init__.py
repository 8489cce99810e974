"""The story that ships with the package."""

"""What members see on Discord: Components V2 layouts and their buttons."""

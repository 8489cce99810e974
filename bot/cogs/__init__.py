"""What members do on Discord, grouped by what it is for."""

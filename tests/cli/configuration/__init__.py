"""Settings and configuration files that are wrong, hostile, or hold secrets."""

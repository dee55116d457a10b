"""One batch at a provider: sent once, looked at, collected, or ended by one of the side exits."""

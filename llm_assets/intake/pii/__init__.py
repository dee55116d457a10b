"""Personal data found in a text and masked."""

"""What the morning report says beside its counts, and the texts that people make of it."""

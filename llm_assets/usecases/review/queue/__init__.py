"""Which doubts are open, what of them is one decision, and whose turn each is."""

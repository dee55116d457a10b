"""How often people agree with the model: counted, fitted to its stated confidence, and the cases that are drawn to learn it."""

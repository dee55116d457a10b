"""Opening lines as a model might write them, right and wrong, for several invented nights."""

"""What a provider accepts: bodies, files and lines, and the refusals for those that break a rule."""

"""Step `categories`: which of its queue's categories a case belongs to."""

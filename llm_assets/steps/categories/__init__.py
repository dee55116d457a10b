"""Step `categories`: to which of its queue's categories a case belongs."""

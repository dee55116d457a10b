"""Wake-ups: a provider's message that something has ended, so that it is looked at before its turn."""

"""Drafts for people: which are ready, a lead's release, and released ones as files or in a mailbox. Nothing is sent."""

"""The drafts by which the rules of step `drafts` are measured: what is wrong with each, in three languages."""

"""Step `drafts`: a reply for each case that needs one."""

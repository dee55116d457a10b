"""Mail as it was sent, made safe to look at: its page without anything that acts, its files, and pictures of their pages.

What a model reads of it belongs elsewhere in `intake`. All of this happens in a process without keys, see `presenting`.
"""

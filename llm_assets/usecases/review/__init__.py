"""What people do with doubtful cases: find them, look at one, decide, undo."""

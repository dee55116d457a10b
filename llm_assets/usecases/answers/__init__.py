"""An answer now: callers of the online door, what they may, and the steps worked for one case while they wait."""

"""The sensors, and what they remember and report of ticks that fail. Assets, checks and schedules are one folder up."""

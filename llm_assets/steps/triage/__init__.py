"""Step `triage`: whether a mail can wait for its night."""

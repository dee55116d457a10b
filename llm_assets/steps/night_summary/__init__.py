"""Step `night_summary`: the report's opening lines."""

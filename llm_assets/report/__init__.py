"""The morning report: numbers, charts, wording, pages."""

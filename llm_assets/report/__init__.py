"""The morning report: its cases and numbers, charts, wording and pages. Pure except for templates read from this folder.

Reading the lake belongs in `resources/lake`, writing the files in `resources/report_files.py`.
"""

"""The lake: Parquet files, one per table and night, and the views that analysts see.

Which tables exist is declared in `domain/desk/tables.py`.
"""

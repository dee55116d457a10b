"""The lake: Parquet files and the views that analysts see."""

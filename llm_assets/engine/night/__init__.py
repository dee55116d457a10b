"""One day as data: its mail read into documents, its cases rendered into tasks, its answers written as rows."""

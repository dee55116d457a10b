"""What is printed for people: cells of tables and messages without secrets."""

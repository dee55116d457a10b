"""What an answer is worth: checked against its schema, settled once, turned into rows of tables."""

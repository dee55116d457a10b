"""What people do, in both databases."""

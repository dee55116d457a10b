"""What is asked and answered: requests, batches, outcomes, money."""

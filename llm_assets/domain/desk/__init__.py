"""What a desk is set up with: queues, steps, prompts, tables, the business day."""

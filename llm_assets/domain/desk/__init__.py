"""What a desk is configured with: queues, steps, prompts, the choice of a model, tables, the business day."""

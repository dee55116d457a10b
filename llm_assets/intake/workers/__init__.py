"""Messages read side by side in processes that may hang, crash or run out of memory."""

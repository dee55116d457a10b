"""What every endpoint that other programs post to shares: impatience with slow clients, the process, how it says no."""

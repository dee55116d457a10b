"""What is asked, answered and paid: requests, batches, outcomes, budgets.

How fast a provider may be called belongs in `domain/traffic`.
"""

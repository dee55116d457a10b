"""The online door under load, beside a night: what it adds to the provider's time, and whether each answer is for its own case.

`python -m tests.load_answers` measures; it is no part of `make test`.
"""

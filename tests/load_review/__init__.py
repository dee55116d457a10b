"""The review app under load: a written night, simulated reviewers, and what became of every decision they made.

`python -m tests.load_review` measures; it is no part of `make test`.
"""

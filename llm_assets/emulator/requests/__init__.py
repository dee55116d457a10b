"""Checks of what a client sends: single request bodies, and the two forms in which a batch's requests arrive.

Everything here raises the ApiError of the provider. Answering belongs in `batches/` and `rules/`.
"""

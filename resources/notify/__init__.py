"""Delivers a notice to a place: by mail (`smtp.py`) or by a signed request (`webhook.py`). Decides nothing."""

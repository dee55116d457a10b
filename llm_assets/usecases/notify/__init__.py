"""Telling people: which news there is, in which words, and to whom it has been told. The rules are in `domain/notice.py`."""

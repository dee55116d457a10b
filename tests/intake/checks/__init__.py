"""Tests of whole files looked at page by page."""

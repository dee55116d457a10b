"""Whole files looked at page by page: what each page holds, before anybody relies on it. What a model reads is read elsewhere."""

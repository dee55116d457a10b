"""Encodings and containers: from bytes to the parts and the text in them, without a look at what they mean."""

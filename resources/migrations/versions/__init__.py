"""Numbered migrations; the name's number is the revision, so the order is plain in a listing."""

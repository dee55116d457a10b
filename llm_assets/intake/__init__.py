"""Bytes to messages and documents: mail, records, forms and the files they bring."""

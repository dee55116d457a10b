"""CRM records and web forms: columns found, rows stored, entries read."""

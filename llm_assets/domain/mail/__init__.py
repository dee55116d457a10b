"""What was received: messages, documents, cases, versions of a place."""

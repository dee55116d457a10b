"""One mail: headers, body, attachments, put together into a message."""

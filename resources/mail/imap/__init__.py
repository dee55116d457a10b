"""Mailboxes over IMAP: a session with a server, one look for new messages, and the places of messages in a mailbox."""

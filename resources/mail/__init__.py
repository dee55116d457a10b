"""Where mail comes from and how it is stored as received: mailboxes over IMAP, raw mail, scans in raw mail.

Parsing mail belongs in `intake`.
"""

"""Mail outside the platform and as it is stored: mailboxes over IMAP, raw mail, scans."""

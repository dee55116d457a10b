"""Sources of records: how far each has been read, and which of the contents it shows are new. Pure rules.

What a record holds once it is read belongs in `domain/mail`.
"""

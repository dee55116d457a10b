"""What was received, once it is read: messages, documents, cases, their lake rows, and signs of an injection.

Reading bytes belongs in `intake`; which records are new, in `domain/sources`.
"""

"""The operations of each provider's API: one function per endpoint, called by `server/app.py`.

What both providers share is in `context.py`. Checking a body belongs in `requests/`, answering a batch in `batches/`.
"""

"""The endpoint that a provider tells when a batch has ended."""

from llm_assets.web.webhooks.server import serve

__all__ = ["serve"]

"""The endpoint that web forms are posted to."""

from llm_assets.web.forms.server import Listening, serve

__all__ = ["Listening", "serve"]

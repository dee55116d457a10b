"""The online door: the desk's steps for callers that wait, and for programs that speak OpenAI's API."""

from llm_assets.web.answers.server import serve

__all__ = ["serve"]

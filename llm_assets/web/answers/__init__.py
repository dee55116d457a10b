"""The online door: the desk's steps for callers that wait, and for programs that speak OpenAI's API."""

from llm_assets.web.answers.server import Serving, serve, serve_as_worker

__all__ = ["Serving", "serve", "serve_as_worker"]

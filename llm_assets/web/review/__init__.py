"""The review app: doubts for people, one decision a time. An HTTP shell over `usecases/review`."""

from llm_assets.web.review.server import serve

__all__ = ["serve"]

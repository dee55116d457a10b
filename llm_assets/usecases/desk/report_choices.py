"""What a run may choose of its report: who it is for, and which sections it has."""

from llm_assets.report.view import SECTIONS, Audience

__all__ = ["SECTIONS", "Audience"]

"""The LLM tasks, one folder each: `step.py` (output model and Step) and `prompt.md`. STEPS lists them in order of reading.

What a step is belongs in `domain/desk/step.py`; sending requests in `engine/`.
"""

from llm_assets.domain.desk.step import Step
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.steps.drafts.step import DRAFTS
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS

STEPS: tuple[Step, ...] = (EXTRACTED_FIELDS, CATEGORIES, DRAFTS)

"""The LLM tasks, one folder each: `step.py` (output model and Step) and `prompt.md`. STEPS lists them in order of reading.

What a step is belongs in `domain/desk/step.py`; sending requests in `engine/`.
"""

from collections.abc import Sequence

from llm_assets.domain.desk.merged import Merging
from llm_assets.domain.desk.step import Step
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.steps.drafts.step import DRAFTS
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS

STEPS: tuple[Step, ...] = (EXTRACTED_FIELDS, CATEGORIES, DRAFTS)
TOGETHER = frozenset((EXTRACTED_FIELDS.name, CATEGORIES.name))
"""What a queue with `merge_steps` asks for in one request."""


def merging_of(steps: Sequence[Step]) -> Merging:
    """What of a desk's steps is asked together."""
    return Merging(tuple(s for s in steps if s.name in TOGETHER))

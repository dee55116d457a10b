"""One prompt in, one answer text out: JSON for a schema, a sentence without one."""

import orjson

from llm_assets.emulator.prompts import Prompt
from llm_assets.emulator.rules.case import Case, read_case
from llm_assets.emulator.rules.drafts import draft
from llm_assets.emulator.rules.schema import fill
from llm_assets.emulator.rules.summary import summary


def answer(prompt: Prompt) -> str:
    """The same prompt always gives the same text."""
    case = read_case(prompt.system, prompt.user)
    if prompt.schema is None:
        return _spoken(case)
    return orjson.dumps(fill(prompt.schema, case)).decode()


def _spoken(case: Case) -> str:
    """Plain text: a category's name, a summary, a reply, or the first words of the text."""
    categories = case.instructions.categories
    if categories:
        return case.judge(tuple(choice.name for choice in categories), categories).best
    if case.told("numbers") is not None:
        return str(summary(case)["summary"])
    if case.told("reply_guidance") is not None or case.told("reply_language") is not None:
        return str(draft(case)["body"])
    return case.text.strip().partition("\n")[0][:200]

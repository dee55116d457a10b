"""The entry to the rules: a prompt in, the text of its answer out. JSON for a schema, plain text without one."""

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
        return _plain_text(case)
    return orjson.dumps(fill(prompt.schema, case)).decode()


def _plain_text(case: Case) -> str:
    """Plain text: a category's name, a summary, a reply, or the first words of the text."""
    categories = case.instructions.categories
    if categories:
        return case.judge(tuple(choice.name for choice in categories), categories).best
    if case.tag_text("numbers") is not None:
        return str(summary(case)["summary"])
    if case.tag_text("reply_guidance") is not None or case.tag_text("reply_language") is not None:
        return str(draft(case)["body"])
    return case.text.strip().partition("\n")[0][:200]

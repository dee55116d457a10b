"""Step `drafts`: writes a reply for a colleague to check and send.

It runs for cases that need a reply and have no open doubt in an earlier step. The checks of a draft are in `defects.py`.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from llm_assets.domain.desk.prompt import Prompt, fenced, render_case
from llm_assets.domain.desk.queue import Language
from llm_assets.domain.desk.step import Doubt, Skip, Step, StepInput
from llm_assets.domain.desk.tables import Column
from llm_assets.domain.effort import Effort
from llm_assets.domain.requests.outcome import Status
from llm_assets.steps.drafts.defects import defects_of
from llm_assets.steps.extracted_fields.fields import FIELDS
from llm_assets.steps.readable import unreadable

_SETTLED = (Status.OK, Status.CORRECTED)


class Draft(BaseModel):
    model_config = ConfigDict(extra="forbid")
    subject: str
    body: str


COLUMNS = (
    Column("language", "VARCHAR", "Language of the reply: en, ru or kk"),
    Column("subject", "VARCHAR", "Subject of the reply", personal=True),
    Column("body", "VARCHAR", "The reply with greeting and signature", personal=True),
    Column("defects", "VARCHAR[]", "empty, broken, repeated, wrong_language, made_up, too_generic"),
)


def reply_language(given: StepInput) -> Language:
    """The queue's fixed language; else the customer's, if we write it; else Russian for mixed mail, and English."""
    if given.queue.reply_language != "same":
        return given.queue.reply_language
    match given.case.language:
        case "en" | "ru" | "kk" as language:
            return language
        case "mul":
            return "ru"
        case _:
            return "en"


def _skip(given: StepInput) -> Skip | None:
    nothing = unreadable(given)
    if nothing is not None:
        return Skip(nothing.status)
    for name in ("categories", "extracted_fields"):
        status = Status(given.upstream.get(name, {}).get("status", Status.OPEN))
        if status not in _SETTLED:
            return Skip(status)
    if given.upstream["categories"]["needs_reply"] is False:
        return Skip(Status.NOT_NEEDED)
    return None


def _guidance(given: StepInput) -> str:
    category = given.queue.category(given.upstream["categories"]["category"])
    return category.reply_guidance if category is not None else ""


def _fields(given: StepInput) -> str:
    row = given.upstream.get("extracted_fields", {})
    fields = {f.name: str(row[f.name]) for f in FIELDS if f.in_reply and row.get(f.name) is not None}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)


def _case_variables(given: StepInput) -> dict[str, str]:
    return {
        "reply_language": reply_language(given),
        "category": str(given.upstream["categories"]["category"]),
        "reply_guidance": _guidance(given) or "(none)",
        "fields": fenced(_fields(given)),
    }


def _row(given: StepInput, output: BaseModel) -> dict[str, Any]:
    assert isinstance(output, Draft)
    language = reply_language(given)
    parts = (
        given.queue.greeting.get(language, ""),
        output.body.strip(),
        given.queue.signature.get(language, ""),
    )
    return {
        "language": language,
        "subject": output.subject.strip(),
        "body": "\n\n".join(p for p in parts if p),
        "defects": _defects(given, output),
    }


def _defects(given: StepInput, output: Draft) -> list[str]:
    category = given.queue.category(given.upstream["categories"]["category"])
    known = [render_case(given.case), _guidance(given), _fields(given), *given.queue.signature.values()]
    if category is not None:
        known += [category.name, category.description]
    return defects_of(output.body, language=reply_language(given), sources=known)


def _doubt(given: StepInput, output: BaseModel) -> Doubt | None:
    assert isinstance(output, Draft)
    defects = _defects(given, output)
    return Doubt("draft_defects", ", ".join(defects)) if defects else None


DRAFTS = Step(
    name="drafts",
    description="Replies ready to be checked and sent, in the customer's language.",
    output=Draft,
    prompt=Prompt.load(Path(__file__).with_name("prompt.md")),
    reads=("extracted_fields", "categories"),
    effort=Effort.LOW,
    max_tokens=4096,
    skip=_skip,
    case_variables=_case_variables,
    doubt=_doubt,
    row=_row,
    columns=COLUMNS,
)

"""Step `drafts`: writes a reply for a colleague to check and send.

It runs for cases that need a reply and have no open doubt in an earlier step. Without guidance no model is asked: the
queue's acknowledgement is the reply, or a person writes one. The checks of a draft are in `defects.py`.
"""

import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from llm_assets.domain.desk.live_text import LiveText
from llm_assets.domain.desk.prompt import Prompt, fenced, render_case
from llm_assets.domain.desk.queue import Language
from llm_assets.domain.desk.step import Doubt, Skip, Step, StepInput
from llm_assets.domain.desk.tables import Column
from llm_assets.domain.effort import Effort
from llm_assets.domain.requests.outcome import Status
from llm_assets.steps.drafts.amounts import made_up_numbers
from llm_assets.steps.drafts.defects import DEFECTS, defects_of
from llm_assets.steps.drafts.facts import Facts
from llm_assets.steps.extracted_fields.fields import FIELDS
from llm_assets.steps.readable import unreadable

_SETTLED = (Status.OK, Status.CORRECTED)
_REPLY_MARK = re.compile(r"^(?:\s*(?:re|aw|fwd?|отв|ответ|жауап)\s*:)+", re.IGNORECASE)
_SUBJECTS: dict[Language, str] = {"en": "Your message", "ru": "Ваше обращение", "kk": "Сіздің хатыңыз"}
"""Of an acknowledgement of a mail without a subject."""


class Draft(BaseModel):
    model_config = ConfigDict(extra="forbid")
    subject: str
    body: str


COLUMNS = (
    Column("language", "VARCHAR", "Language of the reply: en, ru or kk"),
    Column("subject", "VARCHAR", "Subject of the reply", personal=True),
    Column("body", "VARCHAR", "The reply with greeting and signature", personal=True),
    Column("defects", "VARCHAR[]", ", ".join(DEFECTS)),
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
    return None if _guidance(given) else _without_guidance(given)


def _without_guidance(given: StepInput) -> Skip:
    """The queue's acknowledgement as the draft; without one in that language a person has to write."""
    language = reply_language(given)
    text = given.queue.acknowledgement.get(language, "").strip()
    if not text:
        category = given.upstream["categories"]["category"]
        return Skip(Status.REVIEW, Doubt("no_guidance", str(category)))
    subject = _REPLY_MARK.sub("", given.case.documents[-1].message.subject).strip()
    made = {
        "language": language,
        "subject": f"Re: {subject}" if subject else _SUBJECTS[language],
        "body": _composed(given, language, text),
        "defects": [],
    }
    return Skip(Status.OK, made=made)


def _composed(given: StepInput, language: Language, text: str) -> str:
    parts = (given.queue.greeting.get(language, ""), text, given.queue.signature.get(language, ""))
    return "\n\n".join(p for p in parts if p)


def _guidance(given: StepInput) -> str:
    category = given.queue.category(given.upstream["categories"]["category"])
    return category.reply_guidance.strip() if category is not None else ""


def _may_ask(given: StepInput) -> tuple[str, ...]:
    category = given.queue.category(given.upstream["categories"]["category"])
    return category.may_ask if category is not None else ()


def _fields(given: StepInput) -> str:
    row = given.upstream.get("extracted_fields", {})
    fields = {f.name: str(row[f.name]) for f in FIELDS if f.in_reply and row.get(f.name) is not None}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)


def _case_variables(given: StepInput) -> dict[str, str]:
    return {
        "reply_language": reply_language(given),
        "category": str(given.upstream["categories"]["category"]),
        "reply_guidance": _guidance(given) or "(none)",
        "may_ask": "\n".join(f"- {each}" for each in _may_ask(given)) or "(nothing)",
        "fields": fenced(_fields(given)),
    }


def _row(given: StepInput, output: BaseModel) -> dict[str, Any]:
    assert isinstance(output, Draft)
    language = reply_language(given)
    return {
        "language": language,
        "subject": output.subject.strip(),
        "body": _composed(given, language, output.body.strip()),
        "defects": _defects(given, output),
    }


def _defects(given: StepInput, output: Draft) -> list[str]:
    return list(defects_of(output.body, _facts(given), output.subject))


def _facts(given: StepInput) -> Facts:
    category = given.queue.category(given.upstream["categories"]["category"])
    language, queue = reply_language(given), given.queue
    return Facts(
        language=language,
        case=f"{render_case(given.case)}\n{_fields(given)}",
        trusted="\n".join([_guidance(given), *queue.signature.values(), *queue.greeting.values()]),
        described=f"{category.name}\n{category.description}" if category is not None else "",
        may_ask=_may_ask(given),
        greeting=queue.greeting.get(language, ""),
        signature=queue.signature.get(language, ""),
    )


def _live(given: StepInput) -> LiveText:
    facts = _facts(given)
    known = f"{facts.counted}\n{facts.known}"
    before = f"{facts.greeting}\n\n" if facts.greeting else ""
    return LiveText("body", before, lambda number: bool(made_up_numbers(number, known)))


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
    how_asked=("reply_guidance", "may_ask"),
    once_input=("reply_guidance",),
    doubt=_doubt,
    row=_row,
    columns=COLUMNS,
    live=_live,
)

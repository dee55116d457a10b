"""What the report's templates may say: its filters in one language, and text from mails made harmless.

The words themselves are in `words/`, the place of each number is in `templates/`.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context

from llm_assets.report import charts
from llm_assets.report.cases import NO_CATEGORY
from llm_assets.report.disputed import ReviewCase
from llm_assets.report.pressing import STATE_WORDS, due, reasons_of
from llm_assets.report.reasons import detail_in_words, in_words, readable
from llm_assets.report.summary.differences import changes_in_words
from llm_assets.words.language import Language
from llm_assets.words.words import Words, words_in

TEMPLATES = Path(__file__).with_name("templates")
SUBJECT_LENGTH = 110
RARE = 0.001
"""A smaller chance is shown as smaller than this."""


@cache
def environment(language: Language) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(disabled_extensions=("md.j2",), default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words = words_in(language)
    words.dress(made)
    made.globals |= {"charts": charts, "reasons_of": reasons_of}
    made.filters |= {
        "sentence": lambda text: text[:1].upper() + text[1:],
        "plain": plain,
        "one_line": one_line,
        "md": markdown_text,
        "category": lambda name: words.say("no category") if name == NO_CATEGORY else readable(name),
        "state": lambda name: words.say(STATE_WORDS[name]),
        "in_words": lambda reason: words.say(in_words(reason)),
        "detail": partial(_detail, words),
        "due": lambda deadline, day: due(deadline, day, words),
        "iso_day": lambda text: words.day(date.fromisoformat(text)),
        "chance": partial(_chance, words),
        "standing": partial(_standing, words),
        **_of_the_currency(words),
    }
    return made


def one_line(text: str) -> str:
    """The text as one visible line: no control or direction-changing characters, no half surrogate pairs."""
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join("".join(c for c in visible if unicodedata.category(c) not in ("Cf", "Cs")).split())


def plain(text: str) -> str:
    """Text from a mail as one line of limited length."""
    line = one_line(text)
    return line if len(line) <= SUBJECT_LENGTH else line[: SUBJECT_LENGTH - 1].rstrip() + "…"


def markdown_text(text: str) -> str:
    """Text escaped so that Markdown shows it literally: no markup, links, formulas, HTML or table cells."""
    escaped = re.sub(r"([\\`*_\[\]<>|~&#@$]|:(?=//)|(?<=www)\.)", r"\\\1", one_line(text))
    return re.sub(r"^(\d*)([-+=.)])(?=[\s=-]|$)", r"\1\\\2", escaped)


def _detail(words: Words, doubt: ReviewCase) -> str:
    return plain(detail_in_words(doubt.reason, doubt.detail, words))


def _chance(words: Words, chance: float | None) -> str:
    if chance is None:
        return "–"
    return f"< {words.share(RARE)}" if chance < RARE else words.share(chance)


def _standing(words: Words, text: Mapping[str, Any]) -> str:  # one of report.json["texts"]
    if text["state"] != "approved":
        return words.say("draft")
    if text["outdated"]:
        return words.say("approved by %(name)s for earlier figures", name=text["by"])
    return words.say("approved by %(name)s", name=text["by"])


def _of_the_currency(words: Words) -> dict[str, Callable[..., Any]]:
    """Filters for amounts, which the report shows in its own currency."""

    @pass_context
    def cost(context: Context, usd: float | Decimal | None) -> str:
        return _in_currency(context["report"]["spend"], usd, words)

    @pass_context
    def changed(context: Context, changes: Mapping[str, Any]) -> Iterable[str]:
        spend = context["report"]["spend"]
        return changes_in_words(changes, words, lambda usd: _in_currency(spend, usd, words))

    return {"cost": cost, "changed": changed}


def _in_currency(spend: Mapping[str, Any], usd: float | Decimal | None, words: Words) -> str:
    currency = spend.get("currency") or {"code": "USD", "per_usd": 1}
    amount = None if usd is None else Decimal(str(usd)) * Decimal(str(currency["per_usd"]))
    return words.money(amount, currency["code"])

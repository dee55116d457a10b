"""The texts that templates, program and tables give to the catalogue of words, as a translator would extract them."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from llm_assets.domain.mail.injection import WEIGHTS
from llm_assets.domain.people import PersonRole
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.ports.review import DecisionKind
from llm_assets.report.numbers import MAIN_STEPS
from llm_assets.report.reasons import DISAGREEMENTS, WORDS
from llm_assets.report.render import MODEL_NOTE
from llm_assets.usecases.review.typed import KINDS
from llm_assets.usecases.review.wording import QUESTIONS
from llm_assets.web.review.in_browser import IN_BROWSER
from tests.support.repository import ROOT

Text = str | tuple[str, str]
"""A text, or its singular and plural."""

IN_TEMPLATES = {"_": None, "counted": (1, 2)}
IN_PROGRAM = {"say": None, "counted": (1, 2)}
SAID_LATER = {"Sentence": 0, "refused": 1, "NothingToDecideError": 0, "UnknownRecordError": 0}
"""What makes a sentence that a page says later, and which of its arguments that is."""
NAMES = (*MAIN_STEPS, *Status, *Reason, *Mode, *Lane, *PersonRole, *DecisionKind, *WEIGHTS)
TABLES = (
    *IN_BROWSER,
    *WORDS.values(),
    *DISAGREEMENTS.values(),
    *QUESTIONS.values(),
    MODEL_NOTE,
    *KINDS.values(),
    *(n.replace("_", " ") for n in NAMES),
)
_JS = re.compile(r'\b(?:t|say)\(\s*"((?:[^"\\]|\\.)*)"')


def templates() -> list[Path]:
    return sorted(p for room in ("report", "web") for p in (ROOT / "llm_assets" / room).rglob("*.j2"))


@cache
def texts() -> frozenset[Text]:
    found: set[Text] = set()
    for path in templates():
        found |= set(_extracted("jinja2.ext:babel_extract", path, IN_TEMPLATES))
    for room in ("report", "web", "usecases"):
        for path in sorted((ROOT / "llm_assets" / room).rglob("*.py")):
            found |= set(_extracted("python", path, IN_PROGRAM)) | set(_said_later(path))
    singulars = {text[0] for text in found if isinstance(text, tuple)}
    return frozenset({*found, *TABLES} - singulars)


def _said_later(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        place = SAID_LATER.get(node.func.id, len(node.args))
        forms = [a.value for a in node.args[place : place + 2] if isinstance(a, ast.Constant)]
        match [each for each in forms if isinstance(each, str)]:
            case [singular, plural]:
                yield singular, plural
            case [sentence]:
                yield sentence


def _extracted(method: str, path: Path, keywords: Mapping[str, tuple[int, ...] | None]) -> Iterator[Text]:
    options = {"silent": "false", "trimmed": "true"}
    for _, message, _, _ in extract(method, BytesIO(path.read_bytes()), keywords, options=options):
        if message:
            yield message


def in_browser() -> set[str]:
    """Texts that the pages' own script shows."""
    script = (ROOT / "llm_assets" / "web" / "review" / "static" / "review.js").read_text("utf-8")
    return set(_JS.findall(script))


@cache
def catalogue(language: str) -> Catalog:
    with (ROOT / "llm_assets" / "words" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)

"""Judges the invented answers: which planted wrong values are noticed, which honest ones are doubted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel

from llm_assets.domain.desk.step import StepInput
from llm_assets.steps.extracted_fields.answer import Found
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from tests.support.nights.step_cases import attachment, given

LANGUAGES = ("en", "ru", "kk")
Said = tuple[str, str | None]


class Planted(NamedTuple):
    kind: str
    field: str
    value: str
    quote: str | None


class Sample(NamedTuple):
    """A case, what an honest answer says about it, and wrong values that an answer may hold."""

    name: str
    language: str
    half: str
    """`a` was used while the checks were mended, `b` was not."""
    about: StepInput
    honest: Mapping[str, Said]
    wrong: Sequence[Planted]
    incomplete: bool
    """Whether an honest answer goes to a person, because the case lacks what its document must have."""


@cache
def samples() -> tuple[Sample, ...]:
    return tuple(one for language in LANGUAGES for one in _read(language))


def _read(language: str) -> Iterator[Sample]:
    lines = yaml.safe_load(Path(__file__).with_name(f"{language}.yaml").read_text(encoding="utf-8"))
    for line in lines:
        files = [attachment(line["attachment"])] if "attachment" in line else []
        changes: dict[str, Any] = {"date": datetime.fromisoformat(line["date"])} if "date" in line else {}
        about = given(line["text"], subject=line["subject"], attachments=files, language=language, **changes)
        honest = {name: (said[0], said[1]) for name, said in line["honest"].items() if said}
        wrong = [Planted(*one) for one in line["wrong"]]
        yield Sample(line["id"], language, line["half"], about, honest, wrong, line.get("incomplete", False))


def answer(said: Mapping[str, Said]) -> BaseModel:
    nothing = {name: Found(value=None, quote=None) for name in EXTRACTED_FIELDS.output.model_fields}
    told = {name: Found(value=value, quote=quote) for name, (value, quote) in said.items()}
    return EXTRACTED_FIELDS.output(**nothing | told)


def reason(about: StepInput, said: Mapping[str, Said]) -> str | None:
    doubt = EXTRACTED_FIELDS.doubt(about, answer(said))
    return None if doubt is None else f"{doubt.reason} {doubt.detail}".strip()


def noticed(sample: Sample, planted: Planted) -> str | None:
    """The doubt about an honest answer with one wrong value that names its field."""
    found = reason(sample.about, {**sample.honest, planted.field: (planted.value, planted.quote)})
    return found if found is not None and planted.field in found.partition(" ")[2].split(", ") else None


def doubted(sample: Sample) -> str | None:
    """The doubt about the honest answer, other than about what the case lacks."""
    found = reason(sample.about, sample.honest)
    return None if sample.incomplete and found is not None and found.startswith("missing_fields") else found


def share(half: str | None = None) -> tuple[float, float]:
    """Shares of planted values that are noticed and of honest cases that are doubted."""
    chosen = [one for one in samples() if half in (None, one.half)]
    planted = [noticed(one, wrong) is not None for one in chosen for wrong in one.wrong]
    honest = [doubted(one) is not None for one in chosen]
    return sum(planted) / len(planted), sum(honest) / len(honest)


def table(half: str | None = None) -> str:
    """Noticed of planted by field and by kind, and honest values that are doubted by field."""
    total: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for sample in samples():
        if half not in (None, sample.half):
            continue
        for wrong in sample.wrong:
            hit = noticed(sample, wrong) is not None
            for key in (
                f"field {wrong.field}",
                f"kind {wrong.kind}",
                f"language {sample.language}",
                "planted",
            ):
                total[key] += 1
                seen[key] += hit
        for field in sample.honest:
            total[f"honest {field}"] += 1
        total["honest cases doubted"] += 1
        seen["honest cases doubted"] += doubted(sample) is not None
    return "\n".join(f"{key:32} {seen[key]:3} of {total[key]:3}" for key in sorted(total))


if __name__ == "__main__":
    for chosen in ("a", "b"):
        print(f"half {chosen}\n{table(chosen)}\n")

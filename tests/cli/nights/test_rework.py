"""A changed prompt: what it makes due before the night's deadline, and what it leaves alone afterwards."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import BaseModel, ConfigDict

from llm_assets.cli.night import run_night
from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.step import Doubt, Step, StepInput
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk, Wait
from llm_assets.usecases.night.process_night import NightOutcome
from resources.settings.environment import load_settings
from tests.support.houses.house import LONG_AGO, TODAY, Emulated, House
from tests.support.mail.invented_inbox import SHOP, mail, put

CASES = 3
Night = Callable[..., NightOutcome]


def reworded(name: str, more: str = "\nRead every word.") -> tuple[Step, ...]:
    """The steps as they would be after an edit of one prompt file."""

    def edited(prompt: Prompt) -> Prompt:
        return Prompt(prompt.name, prompt.system + more, prompt.user)

    return tuple(replace(s, prompt=edited(s.prompt)) if s.name == name else s for s in STEPS)


class BeforeDoubtsHadNames(BaseModel):
    model_config = ConfigDict(extra="forbid")
    category: str
    confidence: float
    runner_up: str | None
    ambiguous: bool
    reason: str


def in_former_words() -> tuple[Step, ...]:
    """The steps as they were when an answer said only that it was ambiguous."""

    def doubt(_: StepInput, output: BaseModel) -> Doubt | None:
        return Doubt("ambiguous") if getattr(output, "ambiguous", False) else None

    def row(given: StepInput, output: BaseModel) -> dict[str, Any]:
        known = output.model_dump(exclude={"ambiguous"})
        category = given.queue.category(known["category"])
        return known | {"needs_reply": category.needs_reply if category is not None else None}

    former = {"output": BeforeDoubtsHadNames, "doubt": doubt, "row": row}
    return tuple(replace(s, **former) if s.name == "categories" else s for s in STEPS)


def categories_of(house: House) -> list[tuple[Any, ...]]:
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        columns = "category, confidence, runner_up, needs_reply, reason, request_id, status, doubt_reason"
        return lake.execute(f"select {columns} from categories order by request_id").fetchall()


def fill(house: House, day: date) -> None:
    put(house.home / "inbox", "1.eml", mail("When does my new card arrive? The courier is late.", 1), day)
    put(house.home / "inbox", "2.eml", mail("Где мой заказ 4471? Курьер не приехал.", 2, to=SHOP), day)
    put(house.home / "inbox", "3.eml", mail("Не могу войти в приложение, код не приходит.", 3), day)


@pytest.fixture
def night(house: House, emulated: Emulated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Night:
    """The command's own function in this process, so that it can be given other steps."""
    for name, value in house.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def work(day: date, steps: tuple[Step, ...] = STEPS, rework: str = "auto") -> NightOutcome:
        return run_night(Desk(load_settings(), steps, Wait.INLINE), day, [], rework)

    return work


def requests(outcome: NightOutcome) -> Counter[str]:
    """Requests of the night so far, by step."""
    counted: Counter[str] = Counter()
    for line in outcome.report["spend"]["lines"]:
        counted[line["step"]] += line["requests"]
    del counted["night_summary"]
    return counted


@pytest.mark.slow
def test_a_changed_prompt_redoes_its_step_only_while_the_night_is_open(house: House, night: Night) -> None:
    fill(house, TODAY)
    first = requests(night(TODAY))
    assert first == Counter(extracted_fields=CASES, categories=CASES, drafts=CASES)
    again = night(TODAY, reworded("categories"))
    assert requests(again) - first == Counter(categories=CASES)
    assert night(TODAY, reworded("categories")).sent == 0


@pytest.mark.slow
def test_a_night_past_its_deadline_is_paid_and_only_a_person_redoes_it(house: House, night: Night) -> None:
    fill(house, LONG_AGO)
    first = requests(night(LONG_AGO))
    kept = night(LONG_AGO, reworded("drafts"))
    assert kept.sent == 0 and kept.report["revision"] == 1
    asked = night(LONG_AGO, reworded("drafts"), "stale")
    assert requests(asked) - first == Counter(drafts=CASES)


@pytest.mark.slow
def test_missing_never_pays_for_a_changed_prompt_even_while_the_night_is_open(
    house: House, night: Night
) -> None:
    fill(house, TODAY)
    night(TODAY)
    assert night(TODAY, reworded("extracted_fields"), "missing").sent == 0


@pytest.mark.slow
def test_a_closed_night_keeps_the_answers_from_before_doubts_had_names(house: House, night: Night) -> None:
    fill(house, LONG_AGO)
    put(house.home / "inbox", "4.eml", mail("Hm.", 4), LONG_AGO)
    night(LONG_AGO, in_former_words())
    before = categories_of(house)
    assert {row[-2] for row in before} == {"ok", "review"} and "ambiguous" in {row[-1] for row in before}
    put(
        house.home / "inbox",
        "5.eml",
        mail("Где мой заказ 4471? Курьер не приехал, жду.", 5, to=SHOP),
        LONG_AGO,
    )
    assert night(LONG_AGO).sent > 0
    now = {row[5]: row for row in categories_of(house)}
    assert len(now) == len(before) + 1
    for row in before:
        kept = now[row[5]]
        assert kept[:-1] == row[:-1]
        assert (kept[-1] is None) is (row[-1] is None) and kept[-1] not in ("ambiguous", "outdated_answer")


@pytest.mark.slow
def test_an_open_night_asks_again_for_the_doubts_by_name(house: House, night: Night) -> None:
    fill(house, TODAY)
    first = requests(night(TODAY, in_former_words()))
    assert requests(night(TODAY)) - first == Counter(categories=CASES)

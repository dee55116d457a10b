"""A changed prompt: what it makes due before the night's deadline, and what it leaves alone afterwards."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
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
from tests.support.repository import ROOT

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


@pytest.mark.soak
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


@pytest.mark.soak
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
        assert now[row[5]] == row


@pytest.mark.soak
@pytest.mark.slow
def test_an_open_night_asks_again_for_the_doubts_by_name(house: House, night: Night) -> None:
    fill(house, TODAY)
    first = requests(night(TODAY, in_former_words()))
    assert requests(night(TODAY)) - first == Counter(categories=CASES)


def drafts_of(house: House) -> list[tuple[Any, ...]]:
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        return lake.execute("select * from drafts order by case_id").fetchall()


def stricter() -> tuple[Step, ...]:
    """The steps after an upgrade whose check doubts every answer."""

    def doubt(_: StepInput, __: BaseModel) -> Doubt | None:
        return Doubt("low_confidence", "0.00")

    return tuple(replace(s, doubt=doubt) if s.name == "categories" else s for s in STEPS)


@pytest.mark.slow
def test_a_changed_check_sends_no_case_of_a_closed_night_to_a_person_unless_asked(
    house: House, night: Night
) -> None:
    fill(house, LONG_AGO)
    night(LONG_AGO)
    before = categories_of(house), drafts_of(house)
    again = night(LONG_AGO, stricter())
    assert again.sent == 0 and again.report["revision"] == 1
    assert (categories_of(house), drafts_of(house)) == before
    judged_anew = night(LONG_AGO, stricter(), "stale")
    assert judged_anew.sent <= 1, "the opening lines"
    assert {row[-2:] for row in categories_of(house)} == {("review", "low_confidence")}


@pytest.mark.soak
@pytest.mark.sampled(every=2)
@pytest.mark.slow
@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(
            {"reply_guidance": "We answer on the next day.", "may_ask": ["the year"]}, id="guidance"
        ),
        pytest.param({"reply_guidance": ""}, id="no_guidance"),
    ],
)
def test_edited_guidance_leaves_the_drafts_of_a_closed_night(
    house: House, night: Night, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, edited: dict[str, Any]
) -> None:
    fill(house, LONG_AGO)
    night(LONG_AGO)
    before = drafts_of(house)
    queues = yaml.safe_load((ROOT / "llm_assets" / "config" / "queues.yaml").read_text("utf-8"))
    for queue in queues["queues"]:
        queue["categories"] = [category | edited for category in queue["categories"]]
    (tmp_path / "queues.yaml").write_text(yaml.safe_dump(queues), "utf-8")
    monkeypatch.setenv("LLM_ASSETS_CONFIG", str(tmp_path))
    again = night(LONG_AGO)
    assert again.sent == 0 and again.report["revision"] == 1
    assert drafts_of(house) == before

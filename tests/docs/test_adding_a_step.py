"""The page that adds a step is true: what it shows is built as a package and works a night on the emulator."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

import llm_assets.steps
from llm_assets.cli.night import run_night
from llm_assets.definitions import build_defs
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.step import Step
from llm_assets.emulator import start
from llm_assets.engine.rounds.start import start as engine_start
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk, Wait
from llm_assets.usecases.night.process_night import NightOutcome
from resources.settings.environment import Settings

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-step.md"
MAILS = Path(__file__).parents[2] / "data" / "samples" / "inbox"
DAY = date(2026, 11, 20)
CHECKS = {"schema", "nothing_lost", "valid_share", "missing_fields", "review_share", "dead_letters"}
MOST_LINES = 25


class Blocks(NamedTuple):
    step: str
    prompt: str
    listing: str


class Worked(NamedTuple):
    outcome: NightOutcome
    assembly: Assembly
    steps: tuple[Step, ...]


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    return Blocks(
        *re.findall(r"^```\w+\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    )


@pytest.fixture(scope="module")
def steps(blocks: Blocks, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Step, ...]]:
    """The steps as `steps/__init__.py` lists them once the page's folder lies beside the shipped ones."""
    beside = tmp_path_factory.mktemp("steps")
    package = beside / "moderation"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "step.py").write_text(blocks.step, encoding="utf-8")
    (package / "prompt.md").write_text(blocks.prompt, encoding="utf-8")
    llm_assets.steps.__path__.append(str(beside))
    listed = dict(vars(llm_assets.steps))
    exec(compile(blocks.listing, "steps/__init__.py", "exec"), listed)
    yield listed["STEPS"]
    llm_assets.steps.__path__.remove(str(beside))
    for name in [n for n in sys.modules if n.startswith("llm_assets.steps.moderation")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def night(steps: tuple[Step, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worked]:
    """One night of three mails, one of which threatens."""
    folder = tmp_path_factory.mktemp("desk")
    inbox = folder / "given"
    inbox.mkdir()
    for name in ("0703-card-charged-twice.eml", "0911-broken-kettle.eml"):
        shutil.copy(MAILS / name, inbox / name)
    (inbox / "threat.eml").write_text(
        "From: Angry <angry@mail.example>\nTo: support@altyn.example\nSubject: A threat\n\n"
        "This is a threat: close my account or you will be sorry.\n",
        encoding="utf-8",
    )
    home = folder / "data"
    emulator = start(home / "emulator", latency=0.0, exit_with_parent=os.getpid())
    settings = Settings(home=home, provider="emulator", poll_seconds=0.05)
    outcome = run_night(Desk(settings, steps, Wait.INLINE), DAY, [inbox])
    assembly = Assembly(settings, steps)
    yield Worked(outcome, assembly, steps)
    assembly.close()
    emulator.stop()


def test_the_example_takes_at_most_twenty_five_lines(blocks: Blocks) -> None:
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
    assert f"{len(lines)} lines in all" in PAGE.read_text(encoding="utf-8")


def test_only_the_example_is_added_to_the_shipped_steps(steps: tuple[Step, ...]) -> None:
    assert [s.name for s in steps] == [*(s.name for s in llm_assets.steps.STEPS), "moderation"]


def test_the_step_becomes_a_partitioned_asset_with_its_checks(
    steps: tuple[Step, ...], tmp_path: Path
) -> None:
    desk = Desk(Settings(home=tmp_path, provider="emulator"), steps)
    graph = build_defs(desk=desk, steps=steps).resolve_asset_graph()
    by_name = {key.to_user_string(): graph.get(key) for key in graph.get_all_asset_keys()}
    assert by_name["moderation"].is_partitioned
    assert {k.to_user_string() for k in by_name["moderation"].parent_keys} == {"documents"}
    assert {c.name for c in by_name["moderation"].check_keys} == CHECKS
    assert "moderation" in {k.to_user_string() for k in by_name["morning_report"].parent_keys}


def test_every_case_is_asked_and_paid_for_in_the_ledger(night: Worked) -> None:
    counts = night.assembly.ledger.work.counts(DAY)["moderation"]
    assert counts == {"due": 0, "in_flight": 0, "ok": 3, "review": 0, "dead": 0}
    usage = [u for u in night.assembly.ledger.spending.usage(DAY) if u.step == "moderation"]
    assert sum(u.requests for u in usage) == 3
    assert all(u.cost_usd > 0 for u in usage)


def test_analysts_find_its_view_and_its_doubts(night: Worked) -> None:
    with duckdb.connect(str(night.assembly.lake.analytics), read_only=True) as connection:
        verdicts = connection.execute("SELECT verdict, status FROM moderation ORDER BY ALL").fetchall()
        doubts = connection.execute("SELECT reason FROM review_queue WHERE step = 'moderation'").fetchall()
    assert ("threat", "review") in verdicts
    assert len(verdicts) == 3
    assert set(doubts) == {("threat",)}
    assert len(doubts) == sum(status == "review" for _, status in verdicts)


def test_the_report_counts_it_and_its_sums_still_hold(night: Worked) -> None:
    report = night.outcome.report
    assert report["problems"] == []
    assert night.outcome.path.is_file()
    markdown = night.outcome.path.with_suffix(".md").read_text(encoding="utf-8")
    assert re.search(r"^\| moderation \|", markdown, re.MULTILINE)
    assert "threat" in markdown


def test_planning_the_same_night_again_reuses_its_answers(night: Worked) -> None:
    moderation = night.steps[-1]
    progress = engine_start(
        night.assembly.engine, DAY, [night.assembly.night(DAY).plan(moderation)], Rework.STALE
    )
    assert (progress.sent, progress.reused) == (0, 3)

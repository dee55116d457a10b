"""Cases are answered by day through the door, and the same mails come in the night's inbox: the night asks nothing for them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from llm_assets.domain.desk.tables import DOCUMENTS, LLM_USAGE
from llm_assets.steps.night_summary.step import NAME as NIGHT_SUMMARY
from llm_assets.usecases.answers.door import Ask
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.answers.told import Told
from llm_assets.web.answers.bodies import digest_of
from tests.support.houses.desk_with_door import CRM, DeskWithDoor, OpenDoor
from tests.support.houses.house import Emulated
from tests.support.houses.small_desk import DAY, NIGHT, NOON, SmallDesk, mail, settings

ASKS = (
    "I lost my card number {n}, please block it now.",
    "When will the card that I ordered {n} weeks ago arrive?",
    "My transfer {n} of 45 000 KZT has not come, where is it?",
    "The fee of {n} KZT on my account is wrong, please return it.",
    "I need a statement of account {n} for the embassy.",
)


def text_of(number: int) -> str:
    return ASKS[number % len(ASKS)].format(n=number)


def mail_of(number: int, text: str | None = None) -> bytes:
    return mail(f"caller{number}", f"Question {number}", text or text_of(number))


def told(number: int) -> Told:
    """What a CRM knows of the same mail."""
    sender = f"Caller{number} Quillfeather <caller{number}@posteo.example>"
    return Told(text_of(number), f"Question {number}", sender)


def ask(door: OpenDoor, case: Told | bytes, number: int) -> None:
    queue = "bank-support" if isinstance(case, Told) else None
    ask = Ask("drafts", case, digest_of("case", str(number).encode()), queue)
    door.door.work(door.door.admit(CRM, ask))


def routes_of(small: SmallDesk) -> dict[str, set[str | None]]:
    """Who wrote -> the routes by which the case was answered."""
    names = {row["case_id"]: row["sender"].partition("@")[0] for row in small.rows(DOCUMENTS)}
    found: dict[str, set[str | None]] = {name: set() for name in names.values()}
    with small.desk.open() as assembly:
        for step in assembly.steps:
            for row in assembly.lake.read(step.table, DAY):
                if row["request_id"] is not None:
                    found[names[row["case_id"]]].add(assembly.ledger.answers.route_of(row["request_id"]))
    return found


@pytest.fixture
def small(tmp_path: Path, emulated: Emulated) -> Iterator[SmallDesk]:
    quiet = {"python_logs": {"python_log_level": "ERROR"}}
    with dg.DagsterInstance.ephemeral(settings=quiet) as instance:
        yield SmallDesk(settings(tmp_path, emulated.running), instance, emulated.running)


@pytest.mark.parametrize("count", [10, pytest.param(100, marks=pytest.mark.soak)])
def test_a_night_asks_nothing_of_what_the_day_has_answered(
    small: SmallDesk, emulated: Emulated, readers: Readers, count: int
) -> None:
    desk = DeskWithDoor(small.settings, readers, small.clock)
    small.clock.now, before = NOON, emulated.answered()
    with desk.open() as door:
        door.add()
        for number in range(count):
            ask(door, told(number) if number % 2 else mail_of(number), number)
        asked, in_batches = emulated.answered() - before, small.executed()
        assert door.use.spent_usd == door.paid() > 0
    unseen = count
    mails = {f"{number}.eml": mail_of(number) for number in range(count)}
    mails |= {"0.eml": mail_of(0, "I lost my card, and now my phone as well."), "new.eml": mail_of(unseen)}
    small.receive(mails)
    small.clock.now = NIGHT
    assert small.materialize().success
    totals = small.report()["totals"]
    assert (totals["received"], totals["open"]) == (count + 1, 0)
    routes = Counter[str]()
    for row in (row for row in small.rows(LLM_USAGE) if row["step"] != NIGHT_SUMMARY):
        routes[row["mode"]] += row["requests"]
    assert routes == {"online": asked, "batch": small.executed() - in_batches}
    by_night = {name for name, route in routes_of(small).items() if "batch" in route}
    assert by_night == {"caller0", f"caller{unseen}"}, "what has changed since, and what nobody told"

"""`batches`: what is under way, one that a person cancels, and what is left at the provider."""

import json
import signal
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.houses.house import TODAY, Emulated, House
from tests.support.mail.invented_inbox import mail, put

pytestmark = pytest.mark.slow
STUCK = "batches:\n  - when: {}\n    stuck: in_progress\n    stuck_share: 0\n"
DAY = TODAY.isoformat()


def listed(house: House, *words: str) -> Sequence[dict[str, Any]]:
    ran = house.run("batches", "list", *words, "--json", LLM_ASSETS_PROVIDER="")
    found: Sequence[dict[str, Any]] = json.loads(ran.out)
    return found


def left_under_way(house: House, emulated: Emulated) -> dict[str, Any]:
    """A night that was killed while its batches wait; one of these."""
    put(house.home / "inbox", "1.eml", mail("Where is my card?", 1), TODAY)
    emulated.scenario(STUCK)
    night = house.start("night", "--day", DAY)
    sent: list[dict[str, Any]] = []
    while night.poll() is None and len(sent) < 2:
        sent = [b for b in listed(house) if b["state"] == "submitted"]
    night.send_signal(signal.SIGKILL)
    night.communicate()
    return sent[0]


def test_a_batch_is_cancelled_by_either_id_and_its_requests_are_answered_all_the_same(
    house: House, emulated: Emulated
) -> None:
    first = left_under_way(house, emulated)
    assert first["requests"] == 1 and first["age_minutes"] >= 0 and not first["cancelling"]
    ran = house.run("batches", "cancel", first["provider_batch_id"])
    assert ran.code == 0 and ran.err.count("event=") <= 1, ran.err
    assert ran.out == (
        f"batch {first['id']} (requests: 1) is being cancelled at openai: what has run is paid and collected; the rest is due "
        f"again, has used up one of its 3 tries, and is sent by the next run of {DAY}\n"
    )
    again = house.run("batches", "cancel", first["id"])
    assert again.code == 0 and first["id"] in again.out
    shown = house.run("batches", "list").out
    assert first["id"] in shown and shown.endswith("2 batches\n")
    emulated.scenario("{}")
    for other in listed(house):
        house.run("batches", "cancel", other["id"])
    completed = house.night()
    assert completed.code == 0, completed.out + completed.err
    assert listed(house) == []
    states = {b["state"] for b in listed(house, "--day", DAY)}
    assert states == {"collected"}
    over = house.run("batches", "cancel", first["id"])
    assert (over.code, over.out) == (
        0,
        f"batch {first['id']} is collected already: nothing is left to cancel\n",
    )
    trail = house.run("audit", "export", "--format", "jsonl").out
    assert "cancelling" in trail and house.run("audit", "verify").code == 0


def test_a_batch_that_nobody_knows_is_a_wrong_usage(house: House) -> None:
    ran = house.run("batches", "cancel", "batch_nobody")
    assert ran.code == 2
    assert ran.said_one_sentence("no batch has the id batch_nobody", "llm-assets batches list")


def test_what_is_left_at_the_provider_is_named_by_doctor_and_removed_by_its_cure(
    house: House, emulated: Emulated
) -> None:
    put(house.home / "inbox", "1.eml", mail("Where is my card?", 1), TODAY)
    emulated.scenario("calls:\n  - when: {operation: delete_file}\n    status: 500\n")
    assert house.night().code == 0
    left = house.run("doctor").out
    assert "warn provider files: " in left and "run `llm-assets batches clean`" in left
    failed = house.run("batches", "clean")
    assert failed.code == 1 and "could not be removed" in failed.out
    emulated.scenario("{}")
    cleaned = house.run("batches", "clean")
    assert cleaned.code == 0 and cleaned.out.endswith(", 0 could not be removed\n")
    assert "ok   provider files: no batch that is over has left any at openai" in house.run("doctor").out

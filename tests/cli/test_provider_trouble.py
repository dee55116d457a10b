"""A provider that refuses, is not there, or comes back: the night ends with a report that says so, and goes on later."""

import socket
import time

import pytest

from tests.support.houses.house import TODAY, Emulated, House, runs
from tests.support.mail.invented_inbox import DOCUMENTS, RECEIVED, fill, mail, put

pytestmark = pytest.mark.slow

GATEWAY = """
providers:
  house:
    protocol: openai
    base_url: {url}
    api_key_env: HOUSE_KEY
    price_provider: openai
    models: {{cheap: gpt-6-luna, standard: gpt-6.1-terra, strong: gpt-6.1-sol}}
    limits: {{batch_requests: 100, batch_bytes: 1000000}}
    capabilities: {{batch: false}}
"""
BRIEF = {"LLM_ASSETS_PATIENCE_SECONDS": "1"}
REFUSED = "calls:\n  - when: {}\n    status: 401\n"


def test_a_wrong_key_leaves_every_case_open_and_a_right_one_completes_the_night(
    house: House, emulated: Emulated
) -> None:
    fill(house.home / "inbox", TODAY)
    emulated.scenario(REFUSED)
    refused = house.night(**BRIEF)
    totals = refused.report["totals"]
    assert refused.code == 1
    assert (totals["received"], totals["documents"]) == (RECEIVED, DOCUMENTS)
    assert totals["open"] >= DOCUMENTS - 1
    assert sum("OPENAI_API_KEY" in m["why"] for m in refused.report["missing"]) == 1, refused.report[
        "missing"
    ]
    assert "Traceback" not in refused.err and "invented-key" not in refused.err + refused.out
    assert len([line for line in refused.err.splitlines() if "event=blocked" in line]) == 1, refused.err
    blocked = [m for m in refused.report["missing"] if m["what"].startswith("provider ")]
    assert ["blocked since" in m["why"] for m in blocked] == [True]
    emulated.scenario("{}")
    before = emulated.answered()
    completed = house.night()
    assert completed.code == 0, completed.out
    assert completed.report["revision"] == 2 and completed.report["missing"] == []
    assert emulated.answered() - before == completed.report["spend"]["requests"]


def test_a_provider_that_is_not_there_costs_seconds_and_is_named_in_the_report(house: House) -> None:
    fill(house.home / "inbox", TODAY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        began = time.monotonic()
        away = house.night(OPENAI_BASE_URL=nobody, LLM_ASSETS_UNREACHABLE_SECONDS="4")
        took = time.monotonic() - began
    assert away.code == 1
    assert took < 60
    assert away.report["totals"]["open"] >= DOCUMENTS - 1
    assert any("cannot be reached at 127.0.0.1" in m["why"] for m in away.report["missing"]), away.report[
        "missing"
    ]
    assert "Traceback" not in away.err
    back = house.night()
    assert back.code == 0, back.out
    assert back.report["totals"]["open"] == 0


@pytest.mark.soak
def test_answers_that_never_fit_end_as_dead_letters_that_can_be_put_back(
    house: House, emulated: Emulated
) -> None:
    fill(house.home / "inbox", TODAY)
    emulated.scenario("requests:\n  - when: {keyword: opening hours}\n    outcome: error\n    status: 400\n")
    night = house.night()
    assert night.code == 0, night.out
    assert night.report["totals"]["dead"] == 1
    listed = house.run("dead-letters", "list", "--day", TODAY.isoformat())
    assert listed.code == 0 and listed.out.strip().endswith("2 dead letters"), listed.out
    assert "opening hours" not in listed.out
    for letter in listed.out.strip().splitlines()[:-1]:
        day, step, request_id, provider, batch, custom_id, *why = letter.split()
        assert (day, provider) == (TODAY.isoformat(), "openai") and batch.startswith("batch_")
        assert request_id in custom_id and " ".join(why).startswith("failed_permanent: rejected")
        assert night.report["failures"][step] == {"rejected": 1}
    assert night.written("report.md").count("| rejected | 1 |") == 2
    status = house.run("status", "--day", TODAY.isoformat())
    assert status.out.count("rejected 1") == 2
    emulated.scenario("{}")
    assert "2 requests are due again" in house.run("dead-letters", "requeue", "--day", TODAY.isoformat()).out
    again = house.night()
    assert again.code == 0 and again.report["totals"]["dead"] == 0
    assert house.run("dead-letters", "list").out.strip() == "0 dead letters"


@pytest.mark.soak
def test_a_night_killed_while_a_batch_is_created_goes_on_without_sending_it_twice(
    house: House, emulated: Emulated
) -> None:
    emulated.scenario("calls:\n  - when: {operation: create_batch, calls: [1]}\n    drop: after\n")
    fill(house.home / "inbox", TODAY)
    # Urgent, so asked online, where a kill may cost the call under way.
    (house.home / "inbox" / "12.eml").unlink()
    sent, accepted = emulated.answered(), emulated.batches()
    night = house.start("night", "--day", TODAY.isoformat(), LLM_ASSETS_POLL_SECONDS="60")
    while runs(night) and emulated.batches() == accepted:
        pass
    night.kill()
    night.communicate()
    said = house.run("reconcile")
    assert said.code == 0 and said.out.strip().endswith(" 0 still to be reconciled")
    done = house.night()
    assert done.code == 0 and done.report["totals"]["open"] == 0
    assert done.report["spend"]["retried"] == 0
    assert emulated.answered() - sent == done.report["spend"]["requests"]


def test_a_gateway_without_batches_that_refuses_the_key_is_named_too(
    house: House, emulated: Emulated
) -> None:
    put(house.home / "inbox", "1.eml", mail("Where is my card?", 1), TODAY)
    emulated.scenario(REFUSED)
    config = house.home.parent / "config"
    config.mkdir()
    (config / "providers.yaml").write_text(GATEWAY.format(url=emulated.running.openai_base_url))
    refused = house.night(
        LLM_ASSETS_CONFIG=str(config), LLM_ASSETS_PROVIDER="house", HOUSE_KEY="invented-key", **BRIEF
    )
    assert refused.code == 1 and refused.report["totals"]["open"] == 1
    assert any("HOUSE_KEY" in m["why"] for m in refused.report["missing"]), refused.report["missing"]

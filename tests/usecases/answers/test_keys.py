"""Keys of callers, as the people who give them see them."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from llm_assets.cli.serving.answers import keys
from llm_assets.domain.audit import Action
from llm_assets.domain.callers.caller import presented
from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.errors import ConfigurationError
from llm_assets.usecases.answers.door import UnknownKeyError
from llm_assets.usecases.answers.keys import Wanted, add_key, listed_keys, revoke_key
from tests.support.houses.desk_with_door import DeskWithDoor, OpenDoor


def test_a_key_opens_the_door_until_it_expires_or_is_revoked(crm: OpenDoor) -> None:
    wanted = Wanted(
        "shop", ["categories"], ["shop-orders"], expires=date(2026, 11, 21), budget_usd=Decimal(2)
    )
    token = add_key(crm.assembly, wanted, "os:amina")
    assert crm.door.caller(token).name == "shop"
    given = presented(token)
    assert given is not None
    other = add_key(crm.assembly, Wanted("other", ["drafts"]), "os:amina")
    for wrong in ("", "lad_", token[:-1] + ("x" if token[-1] != "x" else "y"), token[:17] + other[17:]):
        with pytest.raises(UnknownKeyError):
            crm.door.caller(wrong)
    revoke_key(crm.assembly, "other", "os:lena")
    with pytest.raises(UnknownKeyError):
        crm.door.caller(other)
    crm.now(crm.clock().replace(day=21, hour=18, minute=59))
    assert crm.door.caller(token).key_id == given.key_id, "all of its last day in the desk's time zone"
    crm.now(crm.clock().replace(hour=19))
    with pytest.raises(UnknownKeyError):
        crm.door.caller(token)
    found = {key.caller.name: key.state for key in listed_keys(crm.assembly)}
    assert found == {"crm": "in use", "shop": "expired", "other": "revoked"}
    with pytest.raises(ConfigurationError, match="no key named other is in use; in use: crm$"):
        revoke_key(crm.assembly, "other", "os:lena")


def test_a_list_says_what_each_key_has_spent_today_and_what_of_it_is_gone(crm: OpenDoor) -> None:
    crm.now(crm.clock() + timedelta(seconds=1))
    add_key(crm.assembly, Wanted("shop", ["drafts"], ["shop-orders"]), "os:amina")
    crm.ask("When will my card arrive?")
    [own, shop] = listed_keys(crm.assembly)
    assert (own.use.answers, own.use.spent_usd, own.use.last_used) == (1, crm.paid(), crm.clock())
    assert (own.gone, shop.gone, shop.use.last_used) == ([], [], None)
    steps = tuple(step for step in crm.assembly.steps if step.name != "drafts")
    without = replace(crm.assembly, steps=steps)
    left = tuple(queue for queue in crm.assembly.queues.queues if queue.name != "shop-orders")
    without.__dict__["queues"] = Queues(queues=left)
    assert [key.gone for key in listed_keys(without)] == [
        ["step drafts"],
        ["step drafts", "queue shop-orders"],
    ]


def test_the_commands_add_list_and_revoke(desk: DeskWithDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_ASSETS_HOME", str(desk.settings.home))
    monkeypatch.setenv("LLM_ASSETS_CONFIG", str(desk.settings.config))
    monkeypatch.setenv("LLM_ASSETS_PROVIDER", "emulator")

    def run(*words: str) -> str:
        ran = CliRunner().invoke(keys, list(words), catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
        return ran.output

    words = ("crm", "--steps", "categories,drafts", "--rpm", "60", "--tpm", "90000", "--budget-usd", "1.5")
    token = run("add", *words).strip()
    [found] = json.loads(run("list", "--json"))
    assert found["name"] == "crm" and found["state"] == "in use" and found["key_id"] in token
    assert (found["requests_per_minute"], found["tokens_per_minute"], found["budget_usd"]) == (
        60,
        90_000,
        1.5,
    )
    told = run("list")
    for words_of_it in ("60 requests/min", "90000 tokens/min", "today 0.0000 of 1.5 USD", "never used"):
        assert words_of_it in told
    run("revoke", "crm")
    assert "revoked" in run("list") and token not in run("list")
    with desk.open() as door:
        made = [(e.action, e.actor[:3]) for e in door.assembly.ledger.trail.entries() if "key_" in e.action]
        assert made == [(Action.KEY_ADDED, "os:"), (Action.KEY_REVOKED, "os:")]
        assert list(door.assembly.ledger.trail.verify().findings) == []

"""LLM_ASSETS_PROVIDER is changed while a night's batches run: no paid answer is unnamed, and none is lost."""

import re
from collections.abc import Iterator
from datetime import date

import pytest

from resources.ledger import SqlLedger
from tests.support.houses.house import LONG_AGO, TODAY, Emulated, House, runs
from tests.support.mail.invented_inbox import BANK, mail, put

PAIRS = [("openai", "anthropic"), pytest.param("anthropic", "openai", marks=pytest.mark.soak)]


def waiting(house: House) -> Iterator[str]:
    """Providers at which a batch was sent and not collected."""
    ledger = SqlLedger(f"sqlite:///{house.home}/ledger.db", house.home)
    try:
        yield from (b.provider for b in ledger.batches.open_batches() if b.submitted_at is not None)
    finally:
        ledger.close()


def killed_while_waiting(house: House, day: date, provider: str) -> None:
    """A night that dies when its first round of batches is at the provider."""
    process = house.start("night", "--day", day.isoformat(), LLM_ASSETS_PROVIDER=provider)
    while runs(process):
        if (house.home / "ledger.db").exists() and len([*waiting(house)]) == 2:
            process.kill()
    process.communicate()
    assert [*waiting(house)] == [provider, provider]


@pytest.mark.soak
@pytest.mark.sampled(every=2)
@pytest.mark.slow
@pytest.mark.parametrize(("old", "new"), PAIRS)
@pytest.mark.parametrize(
    "day",
    [pytest.param(TODAY, id="open"), pytest.param(LONG_AGO, id="closed", marks=pytest.mark.soak)],
)
def test_answers_at_the_former_provider_are_named_with_the_cure_until_they_are_collected(
    house: House, emulated: Emulated, old: str, new: str, day: date
) -> None:
    put(house.home / "inbox", "1.eml", mail("When does my new card arrive?", 1, to=BANK), day)
    emulated.scenario("batches:\n  - when: {}\n    latency: 4\n")
    killed_while_waiting(house, day, old)
    emulated.scenario("{}")
    executed = emulated.answered()
    after = house.night(day=day, LLM_ASSETS_PROVIDER=new)
    assert after.code == 1, after.err
    [found] = [m for m in after.report["missing"] if m["what"] == f"2 requests at {old}"]
    cure = f"LLM_ASSETS_PROVIDER={old} llm-assets night --day {day} --rework missing"
    assert cure in found["why"]
    for command in ("status", "plan"):
        ran = house.run(command, "--day", day.isoformat(), "--json", LLM_ASSETS_PROVIDER=new)
        assert [each["provider"] for each in ran.report["elsewhere"]] == [old]
        told = house.run(command, "--day", day.isoformat(), LLM_ASSETS_PROVIDER=new)
        assert re.search(f"2 requests wait at {old}: .*{cure}", told.out)
    budget = {"LLM_ASSETS_BUDGET_USD": "9", "LLM_ASSETS_PROVIDER": new}
    [limit] = house.run("plan", "--day", day.isoformat(), "--json", **budget).report["budget"]["limits"]
    paid_before = after.report["spend"]["requests"]
    cured = house.night("--rework", "missing", day=day, LLM_ASSETS_PROVIDER=old)
    assert cured.code == 0, cured.out + cured.err
    assert limit["usd"] == 9
    assert cured.report["spend"]["requests"] >= paid_before + 2
    assert not [*waiting(house)]
    assert emulated.answered() - executed <= cured.report["spend"]["requests"]
    again = house.night("--rework", "missing", day=day, LLM_ASSETS_PROVIDER=new)
    assert again.code == 0 and again.report["totals"]["open"] == 0

"""A night whose key is refused, worked by Dagster: said once over many ticks, and gone on from by the sensor alone. And one whose
provider does not answer, for which another stands in until it is back."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from llm_assets.cli.status import status_lines
from llm_assets.defs.parking import GATE, READY, WAITING
from llm_assets.domain.errors import DeskError
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.usecases.desk.blocked import examine_account, judge_block
from llm_assets.usecases.night.status import night_status
from tests.support.houses.small_desk import DAY, MAILS, PROVIDERS, SmallDesk, mail

TICKS = 6
TWO = dict(list(MAILS.items())[:2])
NEVER_ASKED = {
    f"{n}.eml": mail(f"olga{n}", f"Transfer {n}", f"Where is my transfer number {n}?") for n in (71, 72)
}
"""The emulator counts the tries of a request for all tests of a module."""


def test_a_refused_key_parks_the_night_says_so_once_and_a_right_one_continues_it(
    parking_desk: SmallDesk,
) -> None:
    desk = parking_desk
    desk.receive(TWO)
    desk._post("scenario", {"calls": [{"when": {"operation": "create_batch"}, "status": 401}]})
    with capture_logs() as logs:
        assert desk.materialize().success
        [request] = desk.tick("batches").run_requests
        queued = desk.queue(request)
        for _ in range(TICKS):
            desk.clock.now += timedelta(seconds=20)
            assert desk.tick("batches").run_requests == []
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["blocked"]
    with desk.desk.open() as assembly:
        assert all("OPENAI_API_KEY" in why for why in assembly.ledger.batches.troubles(DAY).values())
    before = desk.executed()
    desk._post("scenario", {})
    desk.clock.now += timedelta(minutes=10)
    desk.tick("batches")  # sends one request, and more when that has worked
    desk.tick("batches")
    desk.advance_provider(1000)
    desk.tick("batches")  # finds them ended
    assert desk.run(queued).tags[GATE] == READY
    assert desk.dequeue(queued).success
    assert desk.executed() - before >= len(TWO) * 2


NO_QUOTA = {
    "when": {"tries": [1]},
    "outcome": "error",
    "status": 429,
    "type": "insufficient_quota",
    "code": "insufficient_quota",
}


def test_results_without_quota_park_the_night_again_until_one_request_works(parking_desk: SmallDesk) -> None:
    desk = parking_desk
    desk.receive(NEVER_ASKED)
    desk._post("scenario", {"requests": [NO_QUOTA]})
    assert desk.materialize().success
    [request] = desk.tick("batches").run_requests
    first = desk.queue(request)
    desk.advance_provider(1000)
    desk.tick("batches")
    assert desk.run(first).tags[GATE] == READY
    assert desk.dequeue(
        first
    ).success  # every line was refused for the account: nothing is written, it parks again
    with desk.desk.open() as assembly:
        assert assembly.ledger.batches.open_batches(DAY) == []
        assert {c["due"] for c in assembly.ledger.work.counts(DAY).values()} == {2}
        [told] = night_status(assembly, DAY)["blocked"]
        assert (told["provider"], told["kind"]) == (assembly.profile.name, "money")
        verdict = judge_block(assembly)
        assert not verdict.passed and "raise the limit or add credit" in verdict.says
        with pytest.raises(DeskError, match="blocked since 20.* raise the limit or add credit"):
            examine_account(assembly)
    [request] = desk.tick("batches").run_requests
    second = desk.queue(request)
    for _ in range(TICKS):
        desk.tick("batches")
        assert desk.run(second).tags[GATE] == WAITING  # no run before it is time
    desk.clock.now += timedelta(minutes=10)
    desk.tick("batches")
    assert desk.run(second).tags[GATE] == READY
    assert desk.dequeue(second).success  # one request is asked, and works
    with desk.desk.open() as assembly:
        assert night_status(assembly, DAY)["blocked"] == []
        assert judge_block(assembly).passed and "nothing blocks" in examine_account(assembly)
    [request] = desk.tick("batches").run_requests
    third = desk.queue(request)
    desk.tick("batches")
    assert desk.run(third).tags[GATE] == READY
    assert desk.dequeue(third).success  # all others are sent
    with desk.desk.open() as assembly:
        assert sum(c["dead"] + c["due"] for c in assembly.ledger.work.counts(DAY).values()) == 0
        assert sum(b.requests for b in assembly.ledger.batches.open_batches(DAY)) == 3


HOUSE = """  house:
    protocol: openai
    emulated: true
    base_url: {url}
    region: local
    price_provider: openai
    models: {{cheap: gpt-5.4-nano, standard: gpt-5.4-mini, strong: gpt-5.4}}
    limits: {{batch_requests: 50000, batch_bytes: 209715200, online_concurrency: 4}}
"""
SILENT = {
    f"{n}.eml": mail(f"ilyas{n}", f"Transfer {n}", f"Where is my transfer number {n}?") for n in (81, 82, 83)
}


def profiles(desk: SmallDesk, first: str) -> None:
    """Writes both, the first at this address."""
    assert desk.settings.config is not None
    own = PROVIDERS.format(url=first).rstrip() + "\n    fallback: house\n    fallback_minutes: 2\n"
    both = own + HOUSE.format(url=desk.provider.openai_base_url)
    (desk.settings.config / "providers.yaml").write_text(both, encoding="utf-8")


def released(desk: SmallDesk) -> None:
    """The parked night is continued as soon as its gate opens."""
    [request] = desk.tick("batches").run_requests
    queued = desk.queue(request)
    for _ in range(12):
        desk.clock.now += timedelta(seconds=60)
        desk.tick("batches")
        if desk.run(queued).tags[GATE] == READY:
            break
    assert desk.dequeue(queued).success


@pytest.mark.soak
def test_a_silent_provider_is_stood_in_for_and_goes_on_when_it_is_back(
    parking_desk: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "invented")
    desk = parking_desk
    desk._post("scenario", {})
    profiles(desk, "http://127.0.0.1:9/v1")
    desk.receive(SILENT)
    assert desk.materialize().success
    [request] = desk.tick("batches").run_requests
    queued = desk.queue(request)
    desk.tick("batches")
    assert desk.run(queued).tags[GATE] == WAITING
    with desk.desk.open() as assembly:
        status = night_status(assembly, DAY)
        [silent] = status["circuits"]
        assert (silent["provider"], silent["lane"]) == ("emulator", "nightly/batch")
        assert status["stands_in"] is None and not judge_block(assembly).passed
        assert any("does not answer in nightly/batch" in line for line in status_lines(status))
    desk.clock.now += timedelta(minutes=2)
    desk.tick("batches")
    assert desk.run(queued).tags[GATE] == READY, "a run plans what is due for the other profile"
    assert desk.dequeue(queued).success
    with desk.desk.open() as assembly:
        found = assembly.ledger.batches.open_batches(DAY)
        assert {b.provider for b in found} == {"house"} and sum(b.requests for b in found) == 2 * len(SILENT)
        assert night_status(assembly, DAY)["stands_in"] == "house"
        assert night_status(assembly, DAY)["elsewhere"] == []
        assert judge_block(assembly).says.endswith("Meanwhile house answers.")
    desk.advance_provider(1000)
    profiles(desk, desk.provider.openai_base_url)
    released(desk)
    models = {row["model"] for row in desk.rows(CATEGORIES.table)}
    assert models == {"gpt-5.4-nano"}, (
        "the tables say who answered, and the first profile asks nothing of it again"
    )
    with desk.desk.open() as assembly:
        usage = assembly.ledger.spending.usage(DAY)
        assert [(u.step, u.provider, u.requests) for u in usage] == [
            ("categories", "house", len(SILENT)),
            ("extracted_fields", "house", len(SILENT)),
        ]
        drafts = assembly.ledger.batches.open_batches(DAY)
        assert {(b.step, b.provider) for b in drafts} == {("drafts", "emulator")}, "the first profile is back"
        assert sorted(b.requests for b in drafts) == [1, 2], "one request has shown it"
        assert night_status(assembly, DAY)["circuits"] == []

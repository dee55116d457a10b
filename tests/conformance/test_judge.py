"""The judge passes a careful client, whatever its custom_ids, and names each kind of carelessness."""

from pathlib import Path

import anthropic
import httpx2
import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.conformance.case import Expect, case, read
from llm_assets.emulator.conformance.evidence import gather
from llm_assets.emulator.conformance.judge import ClientRun, Verdict, judge
from tests.support.providers.served_case import Opens
from tests.support.providers.small_client import SmallClient

CAREFUL = (
    "clean",
    "lost-create-answer",
    "create-rate-limited",
    "results-missing",
    "results-truncated",
    "errors-only",
    "request-fails-once",
    "request-refused",
    "answer-cut",
    "thinking-cuts",
    "answer-breaks-schema",
    "input-duplicate-custom-id",
)


def verdict_on(name: str, opened: Opens, folder: Path, **bad: bool) -> Verdict:
    played = case(name)
    SmallClient(opened(played).url, **bad).work(played.requests)
    return judge(played, gather(folder / "emulator"), ClientRun((0,)))


@pytest.mark.parametrize("name", CAREFUL)
def test_a_careful_client_passes(name: str, opened: Opens, tmp_path: Path) -> None:
    assert verdict_on(name, opened, tmp_path).failed == []


@pytest.mark.parametrize(
    ("bad", "name", "check"),
    [
        ("resends_blindly", "lost-create-answer", "paid once"),
        ("believes_short_downloads", "results-truncated", "answered"),
        ("ignores_missing", "results-missing", "answered"),
        ("resends_permanent", "request-refused", "permanent failures left alone"),
        ("resends_permanent", "input-duplicate-custom-id", "refused batches left alone"),
        ("ignores_retry_after", "create-rate-limited", "Retry-After kept"),
    ],
)
def test_a_careless_client_fails_by_name(
    bad: str, name: str, check: str, opened: Opens, tmp_path: Path
) -> None:
    verdict = verdict_on(name, opened, tmp_path, **{bad: True})
    assert check in {finding.check for finding in verdict.failed}
    assert not verdict.passed


def test_a_client_that_reads_results_wherever_they_are_said_to_lie_gives_its_key_away(
    opened: Opens, tmp_path: Path
) -> None:
    played = case("results-elsewhere")
    running = opened(played)
    client = anthropic.Anthropic(base_url=running.url, api_key="test", max_retries=0)
    params = {"model": "claude-haiku-5-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}
    made = client.messages.batches.create(requests=[{"custom_id": "a", "params": params}])
    httpx2.post(f"{running.url}/_emulator/advance", json={"seconds": 1.5})
    with pytest.raises(anthropic.APIStatusError):
        list(client.messages.batches.results(made.id))
    verdict = judge(played, gather(tmp_path / "emulator"), requests=1)
    assert ("safe", "key kept") in {(finding.level, finding.check) for finding in verdict.failed}


def test_a_client_that_leaves_its_files_fails_where_a_case_is_about_them(
    opened: Opens, tmp_path: Path
) -> None:
    verdict = verdict_on("clean", opened, tmp_path)
    assert verdict.failed == []
    about = case("clean").model_copy(update={"expect": Expect(files_left=0)})
    left = judge(about, gather(tmp_path / "emulator"), ClientRun((0,)))
    assert [(found.level, found.check) for found in left.failed] == [("considerate", "files removed")]


def test_a_client_that_fails_loudly_is_not_complete_but_safe(opened: Opens, tmp_path: Path) -> None:
    played = case("clean")
    running = opened(played)
    httpx2.get(f"{running.url}/v1/batches", headers={"Authorization": "Bearer test"})
    verdict = judge(played, gather(tmp_path / "emulator"), ClientRun((1, 1, 1)))
    assert {finding.check for finding in verdict.failed} == {"executed", "answered", "ended"}
    assert {finding.level for finding in verdict.failed} == {"complete"}


def test_only_one_client_of_one_protocol_can_be_judged(opened: Opens, tmp_path: Path) -> None:
    running = opened(case("clean"))
    with pytest.raises(ConfigurationError, match="nobody called the emulator"):
        gather(tmp_path / "emulator")
    httpx2.get(f"{running.url}/v1/batches", headers={"Authorization": "Bearer test"})
    headers = {"x-api-key": "test", "anthropic-version": "2026-10-21"}
    httpx2.get(f"{running.url}/v1/messages/batches", headers=headers)
    with pytest.raises(ConfigurationError, match="anthropic and openai called"):
        gather(tmp_path / "emulator")


def test_a_case_with_a_word_that_does_not_exist_is_refused_with_its_place(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("title: t\nhappens: h\nmust: m\nexpect: {answered: 3}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"wrong.yaml: expect.answered: Extra inputs"):
        read(wrong)

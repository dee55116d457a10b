"""The suite's command line: the list of cases, the verdict on a client in another process, and the exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from llm_assets.emulator.conformance.__main__ import main
from llm_assets.emulator.conformance.case import case, cases

CLIENT = [sys.executable, "-m", "tests.support.providers.shell_client"]


def test_every_case_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(cases())
    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in listed} == set(cases())
    assert all(one["happens"] and one["must"] for one in listed)


def test_a_case_is_shown_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "killed-after-create"]) == 0
    said = capsys.readouterr().out
    assert case("killed-after-create").must in said
    assert "killed at its first create_batch" in said


@pytest.mark.parametrize(
    "words", [["show", "nothing"], ["run", "nothing", "--protocol", "openai", "--", "true"], ["judge", "--state", "x"], ["run", "lookalike-batch", "--protocol", "openai", "--", "true"]]
)  # fmt: skip
def test_what_cannot_be_done_is_said_with_exit_code_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_run_without_a_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "clean", "--protocol", "openai"])
    assert ended.value.code == 2
    assert "after --" in capsys.readouterr().err


@pytest.mark.slow
def test_a_client_in_another_process_is_run_killed_started_again_and_judged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["run", "clean", "killed-after-create", "--protocol", "openai", "--latency", "0.2", "--json"]
    assert main([*words, "--", *CLIENT]) == 1
    clean, killed = json.loads(capsys.readouterr().out)
    assert (clean["name"], clean["passed"]) == ("clean", True)
    assert killed["passed"] is False
    failed = {finding["check"] for finding in killed["findings"] if not finding["passed"]}
    assert failed == {"paid once"}


@pytest.mark.slow
def test_a_client_that_never_ends_is_stopped_when_its_time_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["run", "clean", "--protocol", "openai", "--timeout", "0.3", "--", sys.executable, "-c"]
    assert main([*words, "import time; time.sleep(60)"]) == 1
    said = capsys.readouterr().out
    assert "FAIL  clean (openai)" in said and "0 of 1 cases passed" in said


@pytest.mark.slow
def test_a_case_is_served_and_judged_afterwards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "run"
    command = [
        sys.executable,
        "-m",
        "llm_assets.emulator.conformance",
        "serve",
        "clean",
        "--state",
        str(home),
    ]
    with subprocess.Popen([*command, "--latency", "0"], stdout=subprocess.PIPE, text=True) as serving:
        assert serving.stdout is not None
        url = serving.stdout.readline().strip()
        environment = {"OPENAI_BASE_URL": f"{url}/v1", "CONFORMANCE_REQUESTS": "6"}
        assert subprocess.run(CLIENT, env=environment, check=False).returncode == 0
        assert main(["judge", "--state", str(home)]) == 0
        assert "pass  clean (openai)" in capsys.readouterr().out
        assert main(["judge", "--state", str(home), "--requests", "7"]) == 1
        assert "6 of 7 requests ran" in capsys.readouterr().out
        serving.terminate()
    assert main(["serve", "clean", "--state", str(home)]) == 2

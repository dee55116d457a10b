"""The other commands: what they print, for people and for programs."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from llm_assets.domain.protocol import PROTOCOLS
from tests.support.houses.house import COMMAND, TODAY, Emulated, House, Worked
from tests.support.mail.invented_inbox import DOCUMENTS, mail, mails, put

COMMANDS = ("night", "parse", "status", "dead-letters", "batches", "reconcile", "emulator", "mask", "doctor")
DEMO = """
providers:
  demo:
    protocol: {protocol}
    emulated: true
    region: local
    price_provider: openai
    models: {{cheap: gpt-6-luna, standard: gpt-6.1-terra, strong: gpt-6.1-sol}}
    limits: {{}}
"""
STEPS = {"extracted_fields", "categories", "drafts"}


@pytest.mark.parametrize(
    "command",
    [
        (),
        *((c,) for c in COMMANDS),
        ("dead-letters", "list"),
        ("dead-letters", "requeue"),
        ("batches", "list"),
        ("batches", "cancel"),
        ("batches", "clean"),
    ],
)
def test_every_command_explains_itself(house: House, command: tuple[str, ...]) -> None:
    ran = house.run(*command, "--help")
    assert ran.code == 0 and "Usage: llm-assets" in ran.out and ran.err == ""


def test_status_tells_programs_how_the_night_stands(worked: Worked) -> None:
    ran = worked.house.run(
        "status", "--day", TODAY.isoformat(), "--json", LLM_ASSETS_BUDGET_USD="2.50", LLM_ASSETS_PROVIDER=""
    )
    status = json.loads(ran.out)
    assert status.keys() == {
        "day",
        "steps",
        "batches",
        "forecast",
        "blocked",
        "circuits",
        "stands_in",
        "stopped",
        "elsewhere",
        "failures",
        "spend",
    }
    assert status["day"] == TODAY.isoformat() and status["batches"] == []
    assert status["forecast"] is None, "nothing is open"
    assert status["steps"].keys() >= STEPS
    for counts in status["steps"].values():
        assert counts.keys() == {"due", "in_flight", "ok", "review", "dead"}
    assert status["steps"]["extracted_fields"]["ok"] == DOCUMENTS - 1
    assert status["spend"]["budget_usd"] == 2.5
    assert status["spend"]["usd"] == pytest.approx(worked.first.report["spend"]["usd"])


def test_status_tells_people_how_the_night_stands(worked: Worked) -> None:
    ran = worked.house.run("status", "--day", TODAY.isoformat())
    assert ran.code == 0 and all(step in ran.out for step in STEPS)
    assert "no budget set" in ran.out


@pytest.mark.slow
def test_status_shows_batches_under_way(house: House, emulated: Emulated) -> None:
    put(house.home / "inbox", "1.eml", mail("Where is my card?", 1), TODAY)
    emulated.scenario("batches:\n  - when: {}\n    latency: 600\n")
    night = house.start("night", "--day", TODAY.isoformat())
    found: list[dict[str, object]] = []
    while night.poll() is None and not any(b["state"] == "submitted" for b in found):
        found = json.loads(house.run("status", "--json").out)["batches"]
    night.kill()
    night.communicate()
    submitted = next(b for b in found if b["state"] == "submitted")
    assert submitted.keys() == {
        "id",
        "step",
        "provider",
        "provider_batch_id",
        "state",
        "requests",
        "submitted_at",
        "expected_end",
        "probability_in_time",
    }
    assert submitted["provider"] == "openai" and submitted["requests"] == 1
    assert submitted["provider_batch_id"] and submitted["submitted_at"]
    assert submitted["expected_end"] and 0 < float(str(submitted["probability_in_time"])) <= 1


def test_parse_prints_an_object_a_message_and_goes_on_after_an_unreadable_one(
    house: House, tmp_path: Path
) -> None:
    put(tmp_path, "1.eml", mail("Где мой заказ?", 1), TODAY)
    name = os.fsdecode(b"\xff.eml")
    put(tmp_path, name, mail("hello", 2), TODAY)
    ran = house.run("parse", str(tmp_path / "nowhere.eml"), str(tmp_path / "1.eml"), str(tmp_path / name))
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0, ran.err
    assert [row["ok"] for row in rows] == [False, True, True]
    assert rows[1]["new_text"] == "Где мой заказ?" and rows[1]["language"] == "ru"


def test_mask_prints_what_leaves_the_house(house: House, tmp_path: Path) -> None:
    text = "My card 4111 1111 1111 1111 was charged twice. Call +7 701 123 45 67 or write to anna.kim@post.example."
    file = put(tmp_path, "1.eml", mail(text, 1), TODAY)
    ran = house.run("mask", str(file))
    assert ran.code == 0 and "was charged twice" in ran.out
    assert not any(secret in ran.out for secret in ("4111", "701 123", "anna.kim"))


def test_an_unsent_night_has_no_dead_letters_and_nothing_to_reconcile(house: House) -> None:
    assert house.run("dead-letters", "list").out == "0 dead letters\n"
    assert house.run("dead-letters", "requeue", "--step", "drafts").out == "0 requests are due again\n"
    assert house.run("reconcile").out == "0 open batches, 0 still to be reconciled\n"


def test_doctor_finds_a_desk_that_works(house: House) -> None:
    ran = house.run("doctor")
    assert ran.code == 0, ran.out
    lines = dict(line[5:].split(": ", 1) for line in ran.out.splitlines())
    assert lines.keys() >= {
        "home",
        "time zone",
        "queues",
        "lanes",
        "ledger",
        "provider",
        "reachability",
        "OCR",
        "disk",
    }
    assert "accepts our key" in lines["reachability"]


@pytest.mark.sampled(every=3)
@pytest.mark.slow
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_demo_model_answers_a_night_in_every_protocol(
    house: House, tmp_path: Path, protocol: str
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "providers.yaml").write_text(DEMO.format(protocol=protocol))
    put(house.home / "inbox", "1.eml", mails()["01.eml"], TODAY)
    ran = house.night(LLM_ASSETS_CONFIG=str(tmp_path / "config"), LLM_ASSETS_PROVIDER="demo")
    assert ran.code == 0, ran.err
    assert "demo model: rules, not an LLM" in ran.out


def test_doctor_names_the_cure_of_everything_that_is_wrong(
    house: House, emulated: Emulated, tmp_path: Path
) -> None:
    emulated.scenario("calls:\n  - when: {}\n    status: 401\n")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "lanes.yaml").write_text("lanes: ]")
    ran = house.run("doctor", LLM_ASSETS_CONFIG=str(tmp_path / "config"))
    failed = [line for line in ran.out.splitlines() if line.startswith("FAIL")]
    assert ran.code == 1 and "Traceback" not in ran.out + ran.err
    assert any("lanes.yaml" in line and "line 1" in line for line in failed)
    unset = house.run("doctor", LLM_ASSETS_PROVIDER="", LLM_ASSETS_TIMEZONE="Asia/Almaty")
    assert any("LLM_ASSETS_PROVIDER is not set" in line for line in unset.out.splitlines())
    refused = house.run("doctor")
    assert any("check OPENAI_API_KEY" in line for line in refused.out.splitlines())


def test_a_key_may_stand_in_a_dotenv_file(house: House) -> None:
    house.home.parent.joinpath(".env").write_text(
        "OPENAI_API_KEY=from-file\nLLM_ASSETS_TIMEZONE=Asia/Aqtau\n"
    )
    ran = house.run("doctor", OPENAI_API_KEY="")
    assert ran.code == 0, ran.out
    assert "Asia/Aqtau" in ran.out and "from-file" not in ran.out + ran.err


@pytest.mark.slow
def test_a_person_at_a_terminal_sees_the_night_move(house: House) -> None:
    put(house.home / "inbox", "1.eml", mails()["01.eml"], TODAY)
    seen, terminal = pty.openpty()
    words = [*COMMAND, "night", "--day", TODAY.isoformat()]
    environment = house.environment | {"TERM": "xterm", "COLUMNS": "100"}
    with subprocess.Popen(
        words, env=environment, cwd=house.home.parent, stderr=terminal, stdout=subprocess.PIPE
    ) as night:
        os.close(terminal)
        shown = b""
        while chunk := _read(seen):
            shown += chunk
        out = night.stdout.read() if night.stdout is not None else b""
    os.close(seen)
    assert night.returncode == 0
    text = shown.decode()
    for stage, done in (
        ("received", "1/1"),
        ("documents", "1/1"),
        ("extracted_fields, categories", "2/2"),
        ("drafts", "1/1"),
    ):
        assert stage in text and done in text
    assert "card" not in text and b"report: " in out


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_demo_works_the_samples_and_a_second_one_sends_nothing(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_ASSETS_", "OPENAI_", "ANTHROPIC_"))}
    demo = [sys.executable, "-m", "llm_assets.cli.demo"]
    runs = [
        subprocess.run(demo, env=kept | {"LLM_ASSETS_HOME": str(tmp_path)}, capture_output=True, text=True)
        for _ in range(2)
    ]
    assert [r.returncode for r in runs] == [0, 0], runs[0].stderr + runs[1].stderr
    assert "demo model: rules, not an LLM" in runs[0].stdout
    assert "  150 messages read now" in runs[0].stdout
    assert "LLM_ASSETS_PROVIDER=emulator .venv/bin/llm-assets review\n" in runs[0].stdout
    assert runs[1].stdout.strip().endswith("0 messages were read, 0 requests were sent")
    report = next(line for line in runs[0].stdout.splitlines() if line.startswith("report: "))
    assert Path(report.removeprefix("report: ")).is_file()

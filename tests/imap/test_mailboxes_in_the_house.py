"""Mailboxes where people meet them: doctor, the sensor's tick, the asset, the night's report."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from typer.testing import CliRunner

from llm_assets.cli import app
from llm_assets.definitions import build_defs
from llm_assets.usecases.desk.desk import Desk, Wait
from llm_assets.usecases.doctor import Finding, examine
from llm_assets.usecases.mail.read_mailboxes import mailboxes_of
from tests.support.houses.desk_with_mailboxes import DAY, NOON, DeskWithMailboxes, account
from tests.support.houses.dovecot import PASSWORD, Dovecot

Desks = Callable[..., DeskWithMailboxes]


@pytest.fixture
def environment(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Callable[..., DeskWithMailboxes]:
    """The settings of a desk as variables, as commands find them."""

    def make(*accounts: dict[str, Any]) -> DeskWithMailboxes:
        desk = desks(*accounts)
        monkeypatch.setenv("LLM_ASSETS_HOME", str(desk.settings.home))
        monkeypatch.setenv("LLM_ASSETS_CONFIG", str(desk.settings.config))
        monkeypatch.setenv("LLM_ASSETS_PROVIDER", "emulator")
        monkeypatch.chdir(desk.settings.home.parent)
        return desk

    return make


def mailbox_findings() -> dict[str, Finding]:
    return {found.what: found for found in examine() if "mailbox" in found.what}


@pytest.mark.slow
def test_doctor_says_of_each_mailbox_what_works_and_what_to_correct(
    server: Dovecot, user: str, environment: Desks
) -> None:
    server.fill(user, 2, arrived=NOON)
    environment(
        account(server, user),
        account(server, user, name="secured", security="tls", port=server.tls, ca_file=str(server.ca)),
        account(server, user, name="untrusted", security="tls", port=server.tls),
        account(server, user, name="refused", password_env="WRONG_PASSWORD"),
        account(server, user, name="lost", folders=["Lost"]),
        account(server, user, name="patternless", folders=["Lost/*"]),
        account(None, user, name="down"),
    )
    found = mailbox_findings()
    assert found[f"mailbox {user}"].says == (
        f"127.0.0.1:{server.plain} lets {user} in (unencrypted), 2 messages in INBOX"
    )
    assert not found["mailbox secured"].fails
    cures = {
        "untrusted": "name its authority as ca_file",
        "refused": "WRONG_PASSWORD",
        "lost": "folder Lost",
        "patternless": "correct folders",
        "down": "check port and server",
    }
    for name, cure in cures.items():
        assert found[f"mailbox {name}"].fails
        assert cure in found[f"mailbox {name}"].says


@pytest.mark.slow
def test_doctor_without_mailboxes_says_where_mail_comes_from(environment: Desks) -> None:
    desk = environment()
    assert str(desk.settings.home / "inbox") in mailbox_findings()["mailboxes"].says


def test_doctor_names_a_mistake_in_the_file(environment: Desks) -> None:
    desk = environment()
    assert desk.settings.config is not None
    (desk.settings.config / "sources.yaml").write_text("imap: [{name: a}]")
    [found] = [f for f in examine() if f.what == "mailboxes"]
    assert found.fails
    assert "sources.yaml: imap.0.host: is required" in found.says


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def tick(desk: DeskWithMailboxes, instance: dg.DagsterInstance, cursor: str | None = None) -> Any:
    resource = Desk(desk.settings, desk.assembly.steps, Wait.INLINE, lambda: desk.now)
    repository = build_defs(desk=resource, steps=desk.assembly.steps).get_repository_def()
    context = dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        repository_def=repository,
        sensor_name="new_mail",
        resources={"desk": resource},
    )
    with context:
        return repository.get_sensor_def("new_mail").evaluate_tick(context)


def test_the_sensor_asks_for_the_day_of_new_mail(
    server: Dovecot, user: str, desk: DeskWithMailboxes, instance: dg.DagsterInstance
) -> None:
    server.fill(user, 2, arrived=NOON)
    found = tick(desk, instance)
    assert [r.partition_key for r in found.run_requests] == [DAY.isoformat()]
    assert len(desk.received()) == 2


def test_a_tick_without_new_mail_says_which_mailbox_fails_and_why(
    server: Dovecot, user: str, desks: Desks, instance: dg.DagsterInstance
) -> None:
    desk = desks(account(server, user), account(server, "refused", password_env="WRONG_PASSWORD"))
    server.fill(user, 1, arrived=NOON)
    first = tick(desk, instance)
    assert len(first.run_requests) == 1
    second = tick(desk, instance, first.cursor)
    assert second.skip_message.startswith(f"mailbox refused: 127.0.0.1:{server.plain} refuses the login")
    assert second.cursor == first.cursor


def test_a_mistake_in_the_file_skips_the_tick_with_a_sentence(
    desks: Desks, instance: dg.DagsterInstance
) -> None:
    found = tick(desks({"name": "a"}), instance)
    assert found.run_requests == []
    assert "sources.yaml" in found.skip_message and "\n" not in found.skip_message


def night(*arguments: str) -> tuple[int, dict[str, Any], str]:
    run = CliRunner().invoke(app, ["night", "--day", DAY.isoformat(), "--json", *arguments])
    last = run.stdout.strip().splitlines()[-1] if run.stdout.strip() else ""
    return run.exit_code, json.loads(last) if last.startswith("{") else {}, run.stdout


@pytest.mark.slow
def test_a_night_names_the_mailbox_it_was_made_without_until_it_is_read(
    server: Dovecot, user: str, environment: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.fill(user, 3, arrived=NOON)
    server.fill("late", 2, start=10, arrived=NOON)
    environment(account(server, user), account(server, "late", password_env="WRONG_PASSWORD"))
    code, report, said = night()
    assert code == 1
    assert report["totals"]["received"] == 3
    [missing] = report["missing"]
    assert missing["what"] == "mailbox late"
    assert missing["why"].startswith("never read: 127.0.0.1")
    assert f"missing: mailbox late: {missing['why']}" in said
    again = night()
    assert again[1]["revision"] == report["revision"]
    monkeypatch.setenv("WRONG_PASSWORD", PASSWORD)
    code, report, _ = night()
    assert (code, report["missing"], report["totals"]["received"]) == (0, [], 5)
    assert report["revision"] == again[1]["revision"] + 1


def test_accounts_are_found_in_a_file_beside_the_queues(tmp_path: Path, desks: Desks) -> None:
    desk = desks(account(None, "a"), account(None, "b"))
    assert desk.settings.config is not None
    given = yaml.safe_load((desk.settings.config / "sources.yaml").read_text())
    assert [a.name for a in mailboxes_of(desk.assembly).accounts] == [a["name"] for a in given["imap"]]

"""The files under deploy/ work as they stand: storage, run queue, services, environment."""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import dagster as dg
import pytest
import typer
import yaml
from dagster._cli import create_dagster_cli
from dagster._core.instance.ref import InstanceRef
from dagster._core.run_coordinator import QueuedRunCoordinator
from dagster._core.utils import make_new_run_id
from dagster._daemon.cli import create_dagster_daemon_cli
from dagster._utils.tags import TagConcurrencyLimitsCounter
from dagster_postgres import PostgresEventLogStorage, PostgresRunStorage, PostgresScheduleStorage
from dagster_webserver.cli import create_dagster_webserver_cli

from llm_assets.cli import app
from llm_assets.defs import parking
from llm_assets.domain.protocol import PROTOCOLS
from resources.providers.openai.webhooks import SECRET_ENV
from resources.settings.environment import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMMANDS = {
    "dagster": create_dagster_cli,
    "dagster-daemon": create_dagster_daemon_cli,
    "dagster-webserver": create_dagster_webserver_cli,
    "llm-assets": lambda: typer.main.get_command(app),
}


def _instance(config: Path, home: Path) -> dg.DagsterInstance:
    home.mkdir()
    (home / "dagster.yaml").write_text(config.read_text(encoding="utf-8"), encoding="utf-8")
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home)))


@pytest.fixture
def production(
    dagster_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_DATABASE_URL", dagster_database)
    with _instance(DEPLOY / "dagster.yaml", tmp_path / "production") as instance:
        yield instance


@pytest.fixture
def one_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.chdir(tmp_path)  # its folders are relative
    with _instance(ROOT / "dagster.yaml", tmp_path / "one_machine") as instance:
        yield instance


def _environment(name: str = "env.example") -> dict[str, str]:
    lines = (DEPLOY / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _lines_of(unit: Path, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def test_runs_are_kept_in_postgres(production: dg.DagsterInstance) -> None:
    run = dg.DagsterRun(job_name="nightly", run_id=make_new_run_id(), tags={parking.GATE: parking.WAITING})
    production.run_storage.add_run(run)
    assert isinstance(production.run_storage, PostgresRunStorage)
    assert isinstance(production.event_log_storage, PostgresEventLogStorage)
    assert isinstance(production.schedule_storage, PostgresScheduleStorage)
    assert production.get_runs(dg.RunsFilter(tags={parking.GATE: parking.WAITING}))[0].run_id == run.run_id


def test_production_queues_runs_under_the_same_limits_as_one_machine(
    production: dg.DagsterInstance, one_machine: dg.DagsterInstance
) -> None:
    assert isinstance(production.run_coordinator, QueuedRunCoordinator)
    assert isinstance(one_machine.run_coordinator, QueuedRunCoordinator)
    assert production.get_concurrency_config() == one_machine.get_concurrency_config()
    assert (
        production.run_coordinator.dequeue_interval_seconds
        == one_machine.run_coordinator.dequeue_interval_seconds
    )


def test_a_waiting_continuation_is_held_back_and_a_ready_one_is_not(production: dg.DagsterInstance) -> None:
    config = production.get_concurrency_config().run_queue_config
    assert config is not None
    counter = TagConcurrencyLimitsCounter(config.tag_concurrency_limits, [])
    waiting = dg.DagsterRun(job_name="nightly", tags={parking.GATE: parking.WAITING})
    ready = dg.DagsterRun(job_name="nightly", tags={parking.GATE: parking.READY})
    assert counter.is_blocked(waiting)
    assert not counter.is_blocked(ready)


def test_production_watches_its_runs_and_tells_nobody(production: dg.DagsterInstance) -> None:
    assert production.run_monitoring_enabled
    assert production.run_retries_enabled
    assert not production.telemetry_enabled


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_service_starts_a_command_that_exists_with_options_it_knows(unit: Path) -> None:
    program, *arguments = shlex.split(_lines_of(unit, "ExecStart")[0])
    assert (Path(sys.prefix) / "bin" / Path(program).name).is_file()
    command: click.Command = COMMANDS[Path(program).name]()
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        command = command.commands[arguments.pop(0)]
    context = command.make_context(unit.stem, arguments, resilient_parsing=False)
    assert all((ROOT / given).is_file() for given in context.params.get("workspace", ()))
    for given in _lines_of(unit, "EnvironmentFile"):
        assert (DEPLOY / f"{Path(given).name}.example").is_file()


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_what_a_service_writes_is_for_its_user_alone(unit: Path) -> None:
    assert _lines_of(unit, "UMask") == ["0077"]


def test_the_services_agree_on_where_the_code_server_listens() -> None:
    server = yaml.safe_load((DEPLOY / "workspace.yaml").read_text(encoding="utf-8"))["load_from"][0][
        "grpc_server"
    ]
    command = (DEPLOY / "systemd" / "llm-assets-code.service").read_text(encoding="utf-8")
    assert f"-h {server['host']} -p {server['port']}" in command
    assert f"--location-name {server['location_name']}" in command


def test_every_variable_of_the_environment_is_read_by_something() -> None:
    settings = {f"LLM_ASSETS_{name.upper()}" for name in Settings.model_fields}
    asked = set(re.findall(r"\{env: (\w+)\}", (DEPLOY / "dagster.yaml").read_text(encoding="utf-8")))
    names = set(_environment())
    assert asked <= names
    assert names <= settings | asked | {"DAGSTER_HOME"}
    assert set(_environment("webhook-secret.example")) == {SECRET_ENV}
    assert set(_environment("keys.example")) == {row.key_env for row in PROTOCOLS.values()}


def test_only_what_asks_the_provider_gets_its_key() -> None:
    given = {unit.stem: [Path(path).name for path in _lines_of(unit, "EnvironmentFile")] for unit in UNITS}
    assert {name for name, files in given.items() if "keys" in files} == {
        "llm-assets-code",
        "llm-assets-answers",
    }
    assert {name for name, files in given.items() if "form-tokens" in files} == {"llm-assets-forms"}
    assert {name for name, files in given.items() if "webhook-secret" in files} == {"llm-assets-webhooks"}
    assert all("env" in files for files in given.values())


def test_the_example_environment_makes_settings_and_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = _environment()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None).ledger_url.startswith("postgresql+psycopg2://")
    assert environment["DAGSTER_DATABASE_URL"].startswith("postgresql+psycopg2://")
    assert not any(_environment("keys.example").values())
    assert not any(_environment("webhook-secret.example").values())
    assert not any(re.search(r"://[^/]*:[^/]*@", value) for value in environment.values())

"""A desk with a handful of invented mails, a clock that tests move, and Dagster around it in this process."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import dagster as dg

from llm_assets.definitions import build_defs
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import Table
from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.desk import Desk, Wait
from llm_assets.usecases.mail.receive import receive
from resources.report_files import newest_revision, read_json
from resources.settings.environment import Settings

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
"""12:00 in Almaty."""
NIGHT = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
"""01:30 of the next morning there: DAY has closed, its deadline is ahead."""
AFTER_DEADLINE = datetime(2026, 11, 21, 3, 5, tzinfo=UTC)

NIGHTLY = ("documents", "extracted_fields", "categories", "drafts", "review_queue", "morning_report")

PROVIDERS = """
providers:
  emulator:
    protocol: openai
    emulated: true
    base_url: {url}
    region: local
    price_provider: openai
    models: {{cheap: gpt-6-luna, standard: gpt-6.1-terra, strong: gpt-6.1-sol}}
    limits: {{batch_requests: 50000, batch_bytes: 209715200, online_concurrency: 4}}
"""


def mail(
    name: str,
    subject: str,
    text: str,
    *,
    sender: str = "",
    to: str = "support@altyn.example",
    extra: str = "",
) -> bytes:
    """A plain mail whose Message-ID and sender follow from `name`."""
    address = sender or f"{name}@posteo.example"
    head = [f"From: {name.title()} Quillfeather <{address}>", f"To: {to}", f"Subject: {subject}"]
    head += ["Date: Fri, 20 Nov 2026 10:00:00 +0500", f"Message-ID: <{name}-1@posteo.example>"]
    head += ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    if extra:
        head.append(extra)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + text.encode()


MAILS: Mapping[str, bytes] = {
    "arrival.eml": mail(
        "zebulon", "Wobbegong card", "Hello, when will my new card arrive? I ordered it two weeks ago."
    ),
    "refund.eml": mail(
        "parthenope",
        "Marzipan refund",
        "I returned the kettle, order 4711-88, and the refund of 45 000 KZT has not come.",
        to="orders@altyn.example",
    ),
    "statement.eml": mail(
        "aigul", "Қаңбақ анықтама", "Сәлеметсіз бе! Шот бойынша анықтама керек, елшілікке тапсырамын. Рақмет."
    ),
    "thanks.eml": mail("nadezhda", "Благодарность", "Спасибо большое за быструю помощь, всё работает!"),
}
PRIVATE = (
    *("Quillfeather", "posteo.example", "Wobbegong", "Marzipan", "Қаңбақ", "Благодарность", "4711-88"),
    *("two weeks ago", "returned the kettle", "елшілікке", "быструю помощь"),
)
"""Words of the mails above that may be nowhere but in the ledger's, the lake's and the report's own files."""

URGENT = mail("boris", "Срочно", "Мошенники украли у меня деньги с карты, заблокируйте карту немедленно!")


@dataclass
class MovableClock:
    now: datetime = NIGHT

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class SmallDesk:
    """Everything a test needs of a desk: its folder, its clock, its provider, its Dagster instance."""

    settings: Settings
    instance: dg.DagsterInstance
    provider: RunningEmulator
    wait: Wait = Wait.INLINE
    steps: tuple[Step, ...] = STEPS
    clock: MovableClock = field(default_factory=MovableClock)

    @cached_property
    def desk(self) -> Desk:
        return Desk(self.settings, self.steps, self.wait, self.clock)

    @cached_property
    def definitions(self) -> dg.Definitions:
        return build_defs(desk=self.desk, steps=self.steps)

    def with_settings(self, **changes: Any) -> "SmallDesk":
        return replace(self, settings=self.settings.model_copy(update=changes))

    def drop(self, name: str, data: bytes, arrived: datetime = NOON) -> Path:
        path = self.settings.home / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (arrived.timestamp(), arrived.timestamp()))
        return path

    def receive(self, mails: Mapping[str, bytes] = MAILS, arrived: datetime = NOON) -> None:
        for name, data in mails.items():
            self.drop(name, data, arrived)
        with self.desk.open() as assembly:
            receive(assembly)

    def materialize(
        self,
        assets: Sequence[str] = NIGHTLY,
        *,
        day: date | None = DAY,
        tags: Mapping[str, str] | None = None,
        run_id: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """A run as the UI's Materialize starts it, in this process, with the checks of these assets."""
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            partition_key=day.isoformat() if day is not None else None,
            asset_selection=[dg.AssetKey(a) for a in assets],
            tags=dict(tags or {}),
            instance=self.instance,
            run_id=run_id,
            run_config=dict(config) if config is not None else None,
            raise_on_error=False,
        )

    def tick(
        self, sensor: str, cursor: str | None = None
    ) -> Any:  # dagster does not export SensorExecutionData
        """One evaluation as the daemon would ask for it."""
        repository = self.definitions.get_repository_def()
        context = dg.build_sensor_context(
            instance=self.instance,
            cursor=cursor,
            repository_def=repository,
            sensor_name=sensor,
            resources={"desk": self.desk},
        )
        with context:
            return repository.get_sensor_def(sensor).evaluate_tick(context)

    def queue(self, request: dg.RunRequest) -> str:
        """The run a sensor asked for, not started yet: only a daemon can call it queued. Returns its id."""
        job = self.definitions.get_repository_def().get_job(request.job_name)
        run = self.instance.create_run_for_job(
            job,
            tags={**request.tags, "dagster/partition": request.partition_key},
            run_config=request.run_config,
            status=dg.DagsterRunStatus.NOT_STARTED,
            asset_selection=frozenset(request.asset_selection),
        )
        return run.run_id

    def dequeue(self, run_id: str) -> dg.ExecuteInProcessResult:
        """Runs what was queued, with the tags it has by now."""
        run = self.run(run_id)
        self.instance.delete_run(run_id)
        assets = [key.to_user_string() for key in run.asset_selection or ()]
        day = date.fromisoformat(run.tags["dagster/partition"])
        return self.materialize(assets, day=day, tags=run.tags, config=run.run_config)

    def run(self, run_id: str) -> dg.DagsterRun:
        run = self.instance.get_run_by_id(run_id)
        assert run is not None
        return run

    def rows(self, table: Table, day: date = DAY) -> list[dict[str, Any]]:
        with self.desk.open() as assembly:
            return list(assembly.lake.read(table, day))

    def report(self, day: date = DAY) -> dict[str, Any]:
        newest = newest_revision(self.settings.home.resolve() / "reports", day)
        assert newest is not None
        return read_json(newest)

    def one_request_a_batch(self) -> None:
        """Every request from here on goes in a batch of its own."""
        assert self.settings.config is not None
        path = self.settings.config / "providers.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("batch_requests: 50000", "batch_requests: 1"), encoding="utf-8")

    def advance_provider(self, seconds: float) -> None:
        self._post("advance", {"seconds": seconds})

    def last_batch_slow(self, number: int, seconds: float) -> None:
        """The batch of this ordinal, counted from now, takes so long; the others what they always take."""
        rule = {"when": {"batches": [number]}, "latency": seconds}
        self._post("scenario", {"batches": [rule]})

    def _post(self, what: str, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode()
        with urlopen(Request(f"{self.provider.url}/_emulator/{what}", data, method="POST"), timeout=10):
            pass

    def executed(self) -> int:
        with urlopen(f"{self.provider.url}/_emulator/stats", timeout=10) as answer:
            return int(json.loads(answer.read())["executed"])


def settings(folder: Path, provider: RunningEmulator, **changes: Any) -> Settings:
    """Settings of a desk in `folder`, answered by `provider`; nothing comes from the machine's environment."""
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    text = PROVIDERS.format(url=provider.openai_base_url)
    (config / "providers.yaml").write_text(text, encoding="utf-8")
    given = {"home": folder / "home", "config": config, "provider": "emulator", "timezone": "Asia/Almaty"}
    given |= {"poll_seconds": 0.2, "grace_seconds": 0, "first_day": date(2026, 1, 1)}
    return Settings.model_validate({**given, **changes})


def checks_of(result: dg.ExecuteInProcessResult) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    """(asset, check) -> what it found."""
    return {(e.asset_key.to_user_string(), e.check_name): e for e in result.get_asset_check_evaluations()}


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    return {e.asset_key.to_user_string() for e in result.get_asset_materialization_events() if e.asset_key}


def data_versions(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """asset -> the data version this run reported."""
    return {
        e.asset_key.to_user_string(): (e.materialization.tags or {})["dagster/data_version"]
        for e in result.get_asset_materialization_events()
        if e.asset_key
    }

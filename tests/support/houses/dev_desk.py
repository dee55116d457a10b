"""The development desk as a real process tree in a folder of its own, asked as the UI asks it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import Request, urlopen

import yaml

from llm_assets.emulator.process.launch import find
from tests.support.repository import ROOT

BATCH_SECONDS = 600.0
"""Of the emulator's clock, which `provider_finishes` moves: a batch ends when a test says so."""
DAYS = 5
"""How many nights there are, today's included."""
REPOSITORY = {"repositoryLocationName": "llm_assets", "repositoryName": "__repository__"}
LAUNCH = """mutation($executionParams: ExecutionParams!) {
  launchPipelineExecution(executionParams: $executionParams) {
    __typename ... on LaunchRunSuccess { run { runId } } } }"""
BACKFILL = """mutation($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename ... on LaunchBackfillSuccess { backfillId } } }"""
RUNS = """{ runsOrError(limit: 500) { ... on Runs { results {
  runId status jobName creationTime startTime tags { key value } assetSelection { path } } } } }"""
REEXECUTE = """mutation($params: ReexecutionParams!) {
  launchRunReexecution(reexecutionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } } }"""
MESSAGES = """query($id: ID!) { logsForRun(runId: $id) {
  ... on EventConnection { events { ... on MessageEvent { message } } } } }"""
MATERIALIZED = """query($path: [String!]!) { assetOrError(assetKey: {path: $path}) {
  ... on Asset { assetMaterializations(limit: 50) { partition } } } }"""

Found = TypeVar("Found")
Json = dict[str, Any]  # an answer of the UI's server


@dataclass(frozen=True)
class Run:
    run_id: str
    status: str
    job: str
    tags: Mapping[str, str]
    assets: Sequence[str]
    created: float
    started: float | None

    @property
    def day(self) -> str | None:
        return self.tags.get("dagster/partition")


def mail(name: str, text: str) -> bytes:
    head = [
        f"From: {name.title()} <{name}@posteo.example>",
        "To: support@altyn.example",
        "Subject: A question",
    ]
    head += ["Date: Fri, 20 Nov 2026 10:00:00 +0500", f"Message-ID: <{name}-1@posteo.example>"]
    head += ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + text.encode()


def zone_at_noon(now: datetime) -> str:
    """A time zone where it is about noon, so that no schedule of the night fires and no day ends meanwhile."""
    ahead = 12 - now.hour
    return f"Etc/GMT{-ahead:+d}"  # these names count westwards


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DevDesk:
    """`python -m llm_assets.cli.dev` on a free port. Everything it starts carries this home in its environment.

    `dequeue_seconds`: how often the queue is looked at; None for what is shipped."""

    def __init__(self, folder: Path, days: int = DAYS, dequeue_seconds: int | None = 1) -> None:
        self.home = folder / "home"
        self.log = folder / "dev.log"
        self.url = f"http://127.0.0.1:{free_port()}"
        zone = zone_at_noon(datetime.now(UTC))
        self.today = datetime.now(UTC).date()
        first_day = self.today - timedelta(days=days - 1)
        dagster_home = folder / "dagster"
        dagster_home.mkdir(parents=True)
        (dagster_home / "dagster.yaml").write_text(
            _instance_yaml(dagster_home, dequeue_seconds), encoding="utf-8"
        )
        (self.home / "inbox").mkdir(parents=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_ASSETS_", "DAGSTER_"))}
        env |= {"LLM_ASSETS_HOME": str(self.home), "DAGSTER_HOME": str(dagster_home)}
        env |= {"LLM_ASSETS_TIMEZONE": zone, "LLM_ASSETS_FIRST_DAY": first_day.isoformat()}
        env["LLM_ASSETS_GRACE_SECONDS"] = "1"
        port = self.url.rpartition(":")[2]
        command = [
            sys.executable,
            "-m",
            "llm_assets.cli.dev",
            "--batch-seconds",
            str(BATCH_SECONDS),
            "--port",
            port,
        ]
        self._command, self._env = command, env
        self.start()

    def start(self) -> None:
        """Also after `stop`: with everything that was there."""
        with self.log.open("ab") as sink:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._env,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def drop(self, name: str, data: bytes, days_ago: int = 0) -> None:
        """A mail in the inbox that arrived some days ago."""
        path = self.home / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        hidden = path.with_name(f".{path.name}")
        hidden.write_bytes(data)
        arrived = (datetime.now(UTC) - timedelta(days=days_ago)).timestamp()
        os.utime(hidden, (arrived, arrived))
        hidden.rename(path)

    def day(self, days_ago: int = 0) -> date:
        return self.today - timedelta(days=days_ago)

    def ask(self, query: str, variables: Json | None = None) -> Json:
        body = json.dumps({"query": query, "variables": variables or {}}).encode()
        request = Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            said: Json = json.loads(answer.read())
        assert "errors" not in said, said["errors"]
        data: Json = said["data"]
        return data

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.said()
        try:
            found = self.ask("{ assetNodes { id } }")["assetNodes"]
        except (URLError, OSError):
            return False
        return len(found) >= 7

    def runs(self) -> list[Run]:
        """Newest first."""
        return [
            Run(
                run["runId"],
                run["status"],
                run["jobName"],
                {tag["key"]: tag["value"] for tag in run["tags"]},
                ["/".join(key["path"]) for key in run["assetSelection"] or []],
                run["creationTime"],
                run["startTime"],
            )
            for run in self.ask(RUNS)["runsOrError"]["results"]
        ]

    def materialized(self, asset: str) -> list[str]:
        """The partitions of an asset's materializations, newest first."""
        found = self.ask(MATERIALIZED, {"path": [asset]})["assetOrError"].get("assetMaterializations", [])
        return [event["partition"] for event in found]

    def launch(self, assets: Sequence[str], day: date, job: str = "__ASSET_JOB", **tags: str) -> str:
        """What the UI's Materialize sends, or Launch of a job, without assets. Returns the run's id."""
        selector = {
            **REPOSITORY,
            "pipelineName": job,
            **({"assetSelection": [{"path": [a]} for a in assets]} if assets else {}),
        }
        tags = {**tags, "dagster/partition": day.isoformat()}
        metadata = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        params = {"selector": selector, "runConfigData": {}, "executionMetadata": metadata, "mode": "default"}
        said = self.ask(LAUNCH, {"executionParams": params})["launchPipelineExecution"]
        return str(said["run"]["runId"])

    def terminate(self, run_id: str) -> None:
        said = self.ask("mutation($id: String!) { terminateRun(runId: $id) { __typename } }", {"id": run_id})
        assert said["terminateRun"]["__typename"] == "TerminateRunSuccess", said

    def delete(self, run_id: str) -> None:
        said = self.ask("mutation($id: String!) { deleteRun(runId: $id) { __typename } }", {"id": run_id})
        assert said["deleteRun"]["__typename"] == "DeletePipelineRunSuccess", said

    def reexecute(self, run_id: str, strategy: str) -> str:
        """`strategy`: ALL_STEPS or FROM_FAILURE. Returns the new run's id."""
        params = {"parentRunId": run_id, "strategy": strategy}
        said = self.ask(REEXECUTE, {"params": params})["launchRunReexecution"]
        assert said["__typename"] == "LaunchRunSuccess", said
        return str(said["run"]["runId"])

    def run(self, run_id: str) -> Run:
        return next(run for run in self.runs() if run.run_id == run_id)

    def backfill(
        self, assets: Sequence[str], days: Sequence[date], tags: Mapping[str, str] | None = None
    ) -> str:
        params = {
            "partitionNames": [d.isoformat() for d in days],
            "assetSelection": [{"path": [a]} for a in assets],
            "tags": [{"key": key, "value": value} for key, value in (tags or {}).items()],
        }
        said = self.ask(BACKFILL, {"params": params})["launchPartitionBackfill"]
        return str(said["backfillId"])

    def backfill_status(self, backfill_id: str) -> str:
        query = "query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"
        return str(self.ask(query, {"id": backfill_id})["partitionBackfillOrError"]["status"])

    def executed(self) -> int:
        """Requests the emulator has executed in batches."""
        with urlopen(f"{self._emulator()}/stats", timeout=10) as answer:
            return int(json.loads(answer.read())["executed"])

    def open_at_provider(self) -> int:
        """Batches the provider has accepted and not ended."""
        with urlopen(f"{self._emulator()}/stats", timeout=10) as answer:
            states = json.loads(answer.read())["batches"]
        return sum(count for state, count in states.items() if state.endswith(("validating", "in_progress")))

    def provider_finishes(self) -> None:
        """Every batch that is open at the provider ends."""
        body = json.dumps({"seconds": BATCH_SECONDS}).encode()
        with urlopen(Request(f"{self._emulator()}/advance", body, method="POST"), timeout=10):
            pass

    def _emulator(self) -> str:
        running = find(self.home / "emulator")
        assert running is not None
        return f"{running.url}/_emulator"

    def report(self, day: date) -> Json | None:
        revisions = sorted((self.home / "reports" / day.isoformat()).glob("rev-*/report.json"))
        return json.loads(revisions[-1].read_text(encoding="utf-8")) if revisions else None

    def parked(self) -> list[Run]:
        """Runs that ended early and whose continuation waits at the gate."""
        runs = self.runs()
        gates = {
            r.tags["llm/continues"]: (r.status, r.tags["llm/gate"]) for r in runs if "llm/continues" in r.tags
        }
        return [r for r in runs if r.status == "SUCCESS" and gates.get(r.run_id) == ("QUEUED", "waiting")]

    def waiting(self) -> list[Run]:
        """Continuations at the gate."""
        return [r for r in self.runs() if r.status == "QUEUED" and r.tags.get("llm/gate") == "waiting"]

    def processes(self) -> dict[int, str]:
        """pid -> command line of everything that carries this home in its environment."""
        marker = f"LLM_ASSETS_HOME={self.home}".encode()
        found: dict[int, str] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if marker in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, UnicodeDecodeError):
                continue
        return {pid: command for pid, command in found.items() if command}

    def run_workers(self) -> list[int]:
        """Dagster's code server starts every run in a spawned process of its own."""
        return [pid for pid, command in self.processes().items() if "multiprocessing.spawn" in command]

    def worker_of(self, run_id: str) -> int:
        """The process that works a run, as its log names it."""
        events = self.ask(MESSAGES, {"id": run_id})["logsForRun"]["events"]
        started = (re.search(r"Started process for run \(pid: (\d+)\)", e.get("message", "")) for e in events)
        return next(int(found[1]) for found in started if found)

    def until(self, what: str, find_it: Callable[[], Found], seconds: float = 120) -> Found:
        """The first truthy answer. Bounded; on failure it says what the desk itself said."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := find_it():
                return found
            assert self.process.poll() is None, self.said()
            time.sleep(1)  # asking costs the desk's own server as much as it costs us
        raise AssertionError(f"no {what} within {seconds} s; runs: {self.runs()}; {self.said()}")

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]

    def stop(self) -> dict[int, str]:
        """Ctrl-C, as at a terminal. Returns what had to be killed because it did not end by itself."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        end = time.monotonic() + 40
        while self.processes() and time.monotonic() < end:
            self.process.poll()
            time.sleep(0.2)
        left = self.processes()
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=10)
        return left


def _instance_yaml(folder: Path, dequeue_seconds: int | None) -> str:
    """The shipped dagster.yaml, with its files in this folder and a queue that is looked at so often."""
    instance = yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    instance["storage"]["sqlite"]["base_dir"] = str(folder / "storage")
    instance["local_artifact_storage"]["config"]["base_dir"] = str(folder / "artifacts")
    instance["compute_logs"]["config"]["base_dir"] = str(folder / "logs")
    if dequeue_seconds is not None:
        instance["run_coordinator"]["config"]["dequeue_interval_seconds"] = dequeue_seconds
    instance["run_monitoring"]["poll_interval_seconds"] = 5
    return str(yaml.safe_dump(instance))

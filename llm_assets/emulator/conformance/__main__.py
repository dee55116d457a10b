"""`python -m llm_assets.emulator.conformance`: list the cases, serve one, judge a client, or run it through them."""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.conformance.case import Case, case, cases
from llm_assets.emulator.conformance.evidence import gather
from llm_assets.emulator.conformance.harness import Command, conduct, environment
from llm_assets.emulator.conformance.judge import Finding, Verdict, judge
from llm_assets.emulator.errors import Protocol
from llm_assets.emulator.process.launch import start
from llm_assets.emulator.process.options import EmulatorOptions
from llm_assets.emulator.scenario import as_yaml

PROG = "python -m llm_assets.emulator.conformance"
PLAYED = "conformance.json"
"""File of a run's folder that names its case."""


def parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=PROG, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="all cases; exit 0")
    showing = commands.add_parser("show", help="what happens in a case, what a client must end with")
    serving = commands.add_parser("serve", help="play one case until SIGTERM")
    judging = commands.add_parser("judge", help="judge the client that called a served case")
    running = commands.add_parser(
        "run", help="run a client through cases, with kills and restarts, and judge it"
    )
    for one in (listing, judging, running):
        one.add_argument("--json", action="store_true", help="JSON instead of a table")
    for one in (showing, serving):
        one.add_argument("name", metavar="CASE")
    for one in (serving, judging):
        one.add_argument("--state", type=Path, required=True, help="folder of this one run; fresh for each")
    serving.add_argument("--port", type=int, default=0, help="0 takes a free one")
    for one in (serving, running):
        one.add_argument("--latency", type=float, default=1.0, help="seconds a batch takes")
    judging.add_argument("--requests", type=int, help="how many the client sent, if not the case's number")
    running.add_argument("names", metavar="CASE", nargs="+", help="`all` for every case of the protocol")
    running.add_argument("--protocol", choices=get_args(Protocol), required=True)
    running.add_argument("--timeout", type=float, default=120.0, help="seconds for one case")
    if "--" in words:
        at = words.index("--")
        given = parser.parse_args(words[:at], argparse.Namespace(client=list(words[at + 1 :])))
    else:
        given = parser.parse_args(words, argparse.Namespace(client=[]))
    if given.command == "run" and not given.client:
        running.error("the client's command is missing: write it after --")
    return given


def main(words: Sequence[str]) -> int:
    """Exit code: 0 everything passed, 1 a check failed, 2 wrong usage."""
    given = parse(words)
    try:
        match given.command:
            case "list":
                return _list(as_json=given.json)
            case "show":
                return _show(case(given.name))
            case "serve":
                return _serve(case(given.name), given)
            case "judge":
                return _report([_judged(given.state, given.requests)], as_json=given.json)
            case _:
                return _run(given)
    except ConfigurationError as err:
        sys.stderr.write(f"{err}\n")
        return 2


def _list(*, as_json: bool) -> int:
    if as_json:
        _print(json.dumps([one.model_dump(mode="json", exclude_defaults=True) for one in cases().values()]))
        return 0
    for one in cases().values():
        _print(f"{one.name:<34} {', '.join(one.protocols):<18} {one.title}")
    return 0


def _show(one: Case) -> int:
    _print(f"{one.name}: {one.title} ({', '.join(one.protocols)})\n\n{one.happens}\n{one.must}")
    if one.kill:
        _print(f"The client is killed at its first {' or '.join(one.kill)} and started again.")
    return 0


def _serve(one: Case, given: argparse.Namespace) -> int:
    from llm_assets.emulator.server.serve import serve

    serve(
        EmulatorOptions(
            given.state, port=given.port, latency=given.latency, scenario=_stage(one, given.state)
        )
    )
    return 0


def _stage(one: Case, home: Path) -> Path:
    """Prepares the folder of a run and returns its scenario file. Raises ConfigurationError when the folder is used."""
    if (home / "journal").exists():
        raise ConfigurationError(f"{home} holds an earlier run; give each run a folder of its own.")
    home.mkdir(parents=True, exist_ok=True)
    (home / PLAYED).write_text(json.dumps({"case": one.name}), encoding="utf-8")
    scenario = home / "scenario.yaml"
    scenario.write_text(as_yaml(one.scenario), encoding="utf-8")
    return scenario


def _judged(home: Path, requests: int | None) -> Verdict:
    try:
        name = json.loads((home / PLAYED).read_text(encoding="utf-8"))["case"]
    except OSError as err:
        raise ConfigurationError(f"{home} was not made by `serve`: {err.strerror}.") from err
    return judge(case(name), gather(home), requests=requests)


def _run(given: argparse.Namespace) -> int:
    protocol: Protocol = given.protocol
    verdicts = []
    for one in _chosen(given.names, protocol):
        verdicts.append(_one_run(one, protocol, given))
        if not given.json:
            _print(_row(verdicts[-1]))
    return _report(verdicts, as_json=given.json, rows=False)


def _chosen(names: list[str], protocol: Protocol) -> list[Case]:
    """The cases of these names. Raises ConfigurationError for an unknown one, or one of the other protocol only."""
    if names == ["all"]:
        return [one for one in cases().values() if protocol in one.protocols]
    chosen = [case(name) for name in names]
    for one in chosen:
        if protocol not in one.protocols:
            raise ConfigurationError(
                f"{one.name} is a case of {' and '.join(one.protocols)} alone; leave it out."
            )
    return chosen


def _one_run(one: Case, protocol: Protocol, given: argparse.Namespace) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="conformance", ignore_cleanup_errors=True) as folder:
        home, state = Path(folder) / "emulator", Path(folder) / "client"
        state.mkdir()
        scenario = _stage(one, home)
        running = start(home, latency=given.latency, scenario=scenario, exit_with_parent=os.getpid())
        try:
            variables = environment(one, protocol, running, state)
            ran = conduct(one, home, lambda: Command(given.client, variables), given.timeout)
            try:
                return judge(one, gather(home), ran)
            except ConfigurationError as err:
                return Verdict(one.name, protocol, (Finding("complete", "called", False, str(err)),))
        finally:
            running.stop()


def _report(verdicts: list[Verdict], *, as_json: bool, rows: bool = True) -> int:
    if as_json:
        _print(json.dumps([verdict.shown() for verdict in verdicts]))
    else:
        for verdict in verdicts if rows else ():
            _print(_row(verdict))
        _print(f"{sum(v.passed for v in verdicts)} of {len(verdicts)} cases passed")
    return 0 if all(verdict.passed for verdict in verdicts) else 1


def _row(verdict: Verdict) -> str:
    lines = [f"{'pass' if verdict.passed else 'FAIL'}  {verdict.name} ({verdict.protocol})"]
    lines += [f"      {failed.level}: {failed.check}: {failed.detail}" for failed in verdict.failed]
    lines += [f"      note: {note}" for note in verdict.notes]
    return "\n".join(lines)


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

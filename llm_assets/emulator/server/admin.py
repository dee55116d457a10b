"""The emulator's own endpoints under `/_emulator/`: health, stats, scenario, clock, parent. No provider has these."""

import asyncio
import os
from collections import Counter
from typing import Any

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.lenient_json import objects_in
from llm_assets.emulator.batches.phase import phase
from llm_assets.emulator.batches.store import DELETED
from llm_assets.emulator.errors import NOT_RUN, ApiError
from llm_assets.emulator.fault_rules import FaultRules
from llm_assets.emulator.operations.context import Context
from llm_assets.emulator.process.launch import behaviour
from llm_assets.emulator.scenario import parse
from llm_assets.emulator.wire import Reply, Request


async def answer(ctx: Context, calls: Counter[str], request: Request) -> Reply:
    name = request.path.removeprefix("/_emulator/")
    match request.method, name:
        case "GET", "health":
            return Reply.of(
                {
                    "ok": True,
                    "pid": os.getpid(),
                    "home": str(ctx.options.home.resolve()),
                    "options": behaviour(ctx.options),
                }
            )
        case "GET", "stats":
            return Reply.of(await _stats(ctx, calls, request.query.get("requests") == "true"))
        case "POST", "scenario":
            return _scenario(ctx, request)
        case "POST", "advance":
            return _advance(ctx, request)
        case "POST", "parent":
            return _parent(ctx, request)
    return Reply.of({"error": f"No such admin endpoint: {request.method} {request.path}"}, 404)


def _scenario(ctx: Context, request: Request) -> Reply:
    try:
        scenario = parse(request.data.decode("utf-8", "replace"), "The posted scenario")
    except ConfigurationError as err:
        return Reply.of({"error": str(err)}, 400)
    ctx.fault_rules = FaultRules(scenario, ctx.options.seed)
    ctx.clock.skew = scenario.clock_seconds
    return Reply.of(scenario.model_dump(mode="json", exclude_defaults=True))


def _advance(ctx: Context, request: Request) -> Reply:
    try:
        seconds = float(request.json(1000)["seconds"])
    except (ApiError, KeyError, TypeError, ValueError):
        return Reply.of({"error": 'A JSON body {"seconds": number} is required.'}, 400)
    ctx.clock.advance(seconds)
    ctx.store.set_setting("clock.offset", ctx.clock.offset)
    return Reply.of({"now": ctx.clock.now(), "offset": ctx.clock.offset})


def _parent(ctx: Context, request: Request) -> Reply:
    """Registers one more process that relies on this emulator. An emulator started without a parent watches none."""
    try:
        pid = int(request.json(1000)["pid"])
    except (ApiError, KeyError, TypeError, ValueError):
        return Reply.of({"error": 'A JSON body {"pid": number} is required.'}, 400)
    kept = not ctx.parents.watching or ctx.parents.add(pid)
    return Reply.of({"kept": kept}, 200 if kept else 409)


async def _stats(ctx: Context, calls: Counter[str], requests: bool) -> dict[str, Any]:
    now = ctx.clock.now()
    states: Counter[str] = Counter()
    executed = 0
    for record in ctx.store.batches():
        states[f"{record.protocol}.{phase(record, now)}"] += 1
        if record.work is not None:
            executed += record.work.succeeded + record.work.errored
    executed += int(ctx.store.setting(DELETED))
    stats: dict[str, Any] = {
        "calls": dict(sorted(calls.items())),
        "batches": dict(sorted(states.items())),
        "executed": executed,
        "faults": ctx.fault_rules.applied,
    }
    if requests:
        stats["requests"] = await asyncio.to_thread(_per_request, ctx)
    return stats


def _per_request(ctx: Context) -> dict[str, int]:
    """Executions by custom_id, counted in the result files of all batches; lines that a scenario made unreadable are left
    out."""
    counted: Counter[str] = Counter()
    for path in sorted((ctx.store.home / "files").glob("*batch_*.*")):
        if path.suffix not in (".output", ".errors"):
            continue
        with path.open("rb") as lines:
            for line in (found for raw in lines for found in objects_in(raw)):
                if _has_run(line):
                    counted[line["custom_id"] if "custom_id" in line else line["key"]] += 1
    return dict(counted)


def _has_run(line: dict[str, Any]) -> bool:
    if line.get("response") is not None or line.get("result", {}).get("type") in ("succeeded", "errored"):
        return True
    return "key" in line and line["error"]["code"] not in NOT_RUN

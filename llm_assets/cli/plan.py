"""The command `plan`: the preview of a night as a table or JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llm_assets.cli.console import Console
from llm_assets.cli.options import DayOption, JsonOption, ReworkOption, check_rework, existing

if TYPE_CHECKING:
    from llm_assets.usecases.plan.preview import Plan


def plan(
    day: DayOption,
    inbox: Annotated[
        list[Path] | None,
        typer.Option(help="Folder, mbox, maildir or file counted as if it belonged to that day; repeatable."),
    ] = None,
    rework: ReworkOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Show what a night would take before a paid call: requests, tokens, price, duration, window and budget.

    Needs no key; nothing is registered, written or sent.
    """
    from llm_assets.usecases.desk.desk import configured_desk
    from llm_assets.usecases.plan.preview import preview_night

    check_rework(rework)
    paths = existing(inbox)
    with Console() as console:
        found = preview_night(configured_desk(on_stage=console.stage), day.date(), paths, rework)
    for line in plan_lines(found):
        print(line)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))


def plan_lines(plan: "Plan") -> list[str]:
    """The plan as a short table for people."""
    lines = [
        f"plan of {plan['day']} with profile {plan['profile']}: {plan['messages']} messages, {plan['cases']} cases",
        f"  {'step':<18}{'new':>7}{'changed':>8}{'reused':>7}{'requests':>9}  {'input tokens, p95':<21}"
        f"{'output tokens, p95':<23}{'USD batch':<24}USD online",
    ]
    lines += [_step_line(name, step) for name, step in plan["steps"].items()]
    total = plan["total"]["usd"]
    lines.append(
        f"  {'total':<40}{_many(plan['total']):>9}{'':<46}{_usd(total['batch']):<24}{_usd(total['online'])}"
    )
    others = [way for way in total if way not in ("batch", "online", "routed")]
    lines += [f"  all by {way}: {_usd(total[way])} USD" for way in others]
    lines.append(f"  as it is sent: {_usd(total['routed'])} USD")
    lines += [line for name, step in plan["steps"].items() for line in _route_lines(name, step["route"])]
    lines += [f"  {name}: {note}" for name, step in plan["steps"].items() if (note := _note(step))]
    lines += [*_window_lines(plan["window"]), *_budget_lines(plan["budget"])]
    lines += [f"  not sent: {why}" for why in plan["stopped"]]
    lines += [
        f"  {found['requests']} requests wait at {found['provider']}: {found['sentence']}"
        for found in plan["elsewhere"]
    ]
    return lines + [f"  queue {found['queue']}: {found['says']}" for found in plan["advice"]]


def _step_line(name: str, step: Mapping[str, Any]) -> str:
    records, given, answered = step["records"], step["input_tokens"], step["output_tokens"]
    prompt = f"{given['typical']:,}, {given['p95']:,}"
    most = answered["p95"] if answered["p95"] is not None else answered["ceiling"]
    answer = f"{answered['typical']:,}, {most:,}"
    return (
        f"  {name:<18}{records['new']:>7}{records['changed']:>8}{records['reused']:>7}{_many(step):>9}  {prompt:<21}"
        f"{answer:<23}{_usd(step['usd']['batch']):<24}{_usd(step['usd']['online'])}"
    )


def _route_lines(name: str, routes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for route in routes:
        yield f"  {name} by {route['mode']}: {route['requests']} requests; {route['why']}"


def _many(counts: Mapping[str, Any]) -> str:
    likely, most = counts["requests"], counts["requests_at_most"]
    return str(most) if likely == most else f"{likely}..{most}"


def _usd(price: Mapping[str, float]) -> str:
    return f"{price['typical']:.4f} ({price['low']:.4f}..{price['p95']:.4f})"


def _note(step: Mapping[str, Any]) -> str:
    """How the step's figures came about; empty where nothing is planned."""
    if not step["requests_at_most"]:
        return ""
    trust = (
        f"corrected by {step['results']} answers"
        if step["calibrated"]
        else f"uncalibrated, {step['results']} answers yet"
    )
    answers = "; the length of answers is assumed" if step["output_tokens"]["assumed"] else ""
    retries = f"; {step['retries']['share']:.1%} asked again" if step["retries"]["share"] else ""
    assumed = " (assumed)" if retries and step["retries"]["assumed"] else ""
    return f"{step['basis']}; {trust}{answers}{retries}{assumed}"


def _window_lines(window: Mapping[str, Any]) -> Iterator[str]:
    if not window["rounds"] and not window["online"]:
        yield "  duration: nothing is to be sent"
        return
    fits = "fits" if window["fits"] else "does not fit"
    seconds = max(1.0, window["expected_seconds"])
    takes = f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
    if window["assumed"]:
        takes += " (no history yet: batch_minutes of lanes.yaml is assumed)"
    ways = [f"{window['rounds']} rounds of batches"] if window["rounds"] else []
    ways += [f"{window['online']} online calls"] if window["online"] else []
    yield f"  duration: about {takes} in {' and '.join(ways)}, {fits} before {window['deadline']}"


def _budget_lines(budget: Mapping[str, Any]) -> Iterator[str]:
    if not budget["limits"]:
        yield "  budget: none set"
    for limit in budget["limits"]:
        fits = "fits" if limit["fits"] else "does not fit"
        used = limit["spent_usd"] + limit["reserved_usd"]
        yield (
            f"  budget: {fits}: {limit['usd']:g} USD for {limit['what']}, {used:.4f} spent or set aside, "
            f"{limit['planned_at_most_usd']:.4f} planned at most"
        )

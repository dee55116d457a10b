"""A simulation as people and programs read it: the table's lines and the JSON. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from llm_assets.usecases.simulate.simulate import Simulated, modes_of
from llm_assets.usecases.simulate.simulated_night import NightRun


def lines_of(title: str, found: Sequence[Simulated]) -> list[str]:
    """The table: of one night each step's end against the deadline, of many the share in time."""
    wide = max(len(one.scenario.name) for one in found)
    lines = [title]
    for one in found:
        routes = ", ".join(f"{mode} {one.requests[mode]}" for mode in modes_of([one]))
        lines.append(
            f"  {one.scenario.name:<{wide}}  {_told(one)}; {one.usd:.4f} USD a night"
            f" ({one.online_usd:.4f} online); requests: {routes}"
        )
        if len(one.nights) == 1:
            lines += [f"    {line}" for line in _step_lines(one.nights[0])]
    return lines


def _told(one: Simulated) -> str:
    if len(one.nights) > 1:
        return f"{one.share_in_time:.1%} of {len(one.nights)} nights in time"
    [night] = one.nights
    if night.in_time:
        return f"in time, report at {night.report_at:%H:%M}"
    return f"NOT in time: {night.open_at_report} open in the report of {night.report_at:%H:%M}"


def _step_lines(night: NightRun) -> Iterator[str]:
    for step in night.steps:
        if step.ended_at is None:
            yield f"{step.step:<18}{step.requests:>7} requests, not ended in the time that was watched"
            continue
        minutes = (night.deadline - step.ended_at).total_seconds() / 60
        margin = f"{minutes:.0f} min before" if minutes >= 0 else f"{-minutes:.0f} min AFTER"
        day = "" if step.ended_at.date() == night.deadline.date() else " next day"
        yield f"{step.step:<18}{step.requests:>7} requests, ended {step.ended_at:%H:%M}{day}, {margin} the deadline"
    notes = {"refused calls": night.refused_calls, "timeouts": night.timed_out, "dead letters": night.dead}
    told = ", ".join(f"{count} {what}" for what, count in notes.items() if count)
    if told:
        yield told


def json_of(title: str, found: Sequence[Simulated]) -> dict[str, Any]:
    return {"title": title, "scenarios": [_scenario(one) for one in found]}


def _scenario(one: Simulated) -> dict[str, Any]:
    found = {
        "name": one.scenario.name,
        "records": one.scenario.cases,
        "nights": len(one.nights),
        "ladder": one.scenario.ladder,
        "share_in_time": one.share_in_time,
        "usd": float(one.usd),
        "online_usd": float(one.online_usd),
        "requests": one.requests,
        "open_at_report": sum(night.open_at_report for night in one.nights),
    }
    if len(one.nights) > 1:
        return found
    [night] = one.nights
    steps = [
        {
            "step": step.step,
            "requests": step.requests,
            "ended_at": step.ended_at.isoformat() if step.ended_at is not None else None,
            "open_at_report": step.open_at_report,
        }
        for step in night.steps
    ]
    return found | {
        "deadline": night.deadline.isoformat(),
        "report_at": night.report_at.isoformat(),
        "steps": steps,
        "refused_calls": night.refused_calls,
        "timeouts": night.timed_out,
        "dead": night.dead,
    }

"""What a night would take, before a paid call: for `llm-assets plan`. Needs no key, starts nothing, registers nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.step import Step
from llm_assets.domain.mail.document import Priority
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.request import Request
from llm_assets.engine.chunks import chunks
from llm_assets.engine.night.night import Night, in_reading_order
from llm_assets.engine.planning.budget import limits_of
from llm_assets.engine.planning.estimate import (
    CALIBRATED_FROM,
    EXACT,
    HISTORY,
    PER_PAGE,
    Calibration,
    Counter,
    calibrate,
)
from llm_assets.engine.planning.forecast import Forecast, Usd, add_request, turns_of
from llm_assets.engine.planning.route_rules import mode_of
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.ledger import Work
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.steps.night_summary.step import NAME as NIGHT_SUMMARY
from llm_assets.steps.night_summary.step import summary_request
from llm_assets.usecases.desk.rehearsal import Rehearsal
from resources.tokens import o200k

Plan = Mapping[str, Any]  # the JSON of `plan --json`

SHARE_DAYS = 30
"""How far back nights tell which share of cases needs a step."""
BATCHES = 20
"""Newest batches whose median says how long one takes."""
SUMMARY_TOKENS = 1500
"""What the numbers of a report take in the request for its opening lines."""


@dataclass
class _Counted:
    """A step's forecast, and what its requests say about later steps."""

    forecast: Forecast
    due: dict[str, int] = field(default_factory=dict)
    """case_id -> prompt tokens of its request's text, counted but not corrected: no later step is shown its scans."""


class Planner:
    """Plans one night from a rehearsal whose documents have been read."""

    def __init__(self, rehearsal: Rehearsal, day: date, rework: Rework, on_progress: OnProgress) -> None:
        self._assembly = rehearsal
        self._night: Night = rehearsal.night(day)
        self._day = day
        self._rework = rework
        self._on_progress = on_progress
        self._by_script, self._exactly = Counter(), Counter(o200k())
        self._calibrations: dict[tuple[str, str], Calibration] = {}
        self._done: dict[str, _Counted] = {}

    def forecasts(self) -> list[Forecast]:
        """One for each step in order of reading, and one for the report's opening lines."""
        for members in in_reading_order(self._assembly.steps):
            for step in members:
                self._done[step.name] = self._step(step)
        return [*(counted.forecast for counted in self._done.values()), self._summary()]

    def _step(self, step: Step) -> _Counted:
        counted = _Counted(Forecast(step.name))
        seen: set[str] = set()
        for chunk in chunks(self._night.tasks(step)):
            planned = self._assembly.ledger.preview(
                self._day, step.name, [_work(t) for t in chunk], rework=self._rework
            )
            forecast = counted.forecast
            forecast.new += planned.new - planned.changed
            forecast.changed += planned.changed
            forecast.reused += planned.reused
            for task in chunk:
                request_id = task.request.request_id
                if request_id in planned.due and planned.assigned[task.case_id] == request_id:
                    tokens = self._add(forecast, task, first=request_id not in seen)
                    counted.due[task.case_id] = tokens - task.request.pages * PER_PAGE
                    seen.add(request_id)
                self._on_progress(f"planned {step.name}", len(counted.due), None)
        if step.reads:
            self._expect(step, counted)
        return counted

    def _add(self, forecast: Forecast, task: Task, *, first: bool) -> int:
        """Tokens of the task's request, which is paid for once however many cases share it."""
        counted = self._counted(task.request)
        if first:
            mode = mode_of(self._night.engine, task)
            self._price(forecast, task.request, counted, lane=task.lane, mode=mode)
        return counted

    def _counted(self, request: Request) -> int:
        """Our own bills correct the count by script, with which they are kept; before there are any, the exact count
        is the better guess."""
        calibrated = self._calibration(request.step, request.model).calibrated
        return self._by_script(request) if calibrated else self._exactly(request)

    def _calibration(self, step: str, model: str) -> Calibration:
        if (step, model) not in self._calibrations:
            profile = self._assembly.profile
            history = self._assembly.ledger.billed(profile.name, step, model, HISTORY)
            self._calibrations[step, model] = calibrate(profile.wire, history, EXACT)
        return self._calibrations[step, model]

    def _price(
        self,
        forecast: Forecast,
        request: Request,
        counted: int,
        *,
        lane: Lane,
        mode: Mode,
        likelihood: float | None = None,
        length: float = 1.0,
    ) -> None:
        add_request(
            forecast,
            self._assembly.prices,
            self._assembly.profile,
            request,
            counted,
            self._calibration(request.step, request.model),
            lane=lane,
            mode=mode,
            likelihood=likelihood,
            length=length,
        )

    def _expect(self, step: Step, counted: _Counted) -> None:
        """Cases whose earlier answers are still to come: how many need this step, and how long its requests are
        beside the longest ones of the same cases, nights before tell."""
        waiting: dict[str, int] = {}
        for name in step.reads:
            for case_id, tokens in self._done[name].due.items():
                waiting[case_id] = max(tokens, waiting.get(case_id, 0))
        share = self._share(step)
        forecast = counted.forecast
        if not waiting.keys() - counted.due.keys():
            return
        forecast.basis = (
            "upper bound: every case" if share is None else f"{share:.0%} of the cases, as in earlier nights"
        )
        request, length = self._stand_in(step), self._length(step)
        for case in self._night.cases():
            if case.case_id in waiting and case.case_id not in counted.due:
                lane = Lane.URGENT if case.priority is Priority.URGENT else self._night.lane
                mode = mode_of(self._night.engine, Task(case.case_id, "", lane, request))
                likelihood = share if share is not None else 1.0
                tokens = counted.due[case.case_id] = waiting[case.case_id]
                self._price(
                    forecast, request, tokens, lane=lane, mode=mode, likelihood=likelihood, length=length
                )

    def _share(self, step: Step) -> float | None:
        """Requests of the step for each case of the steps it reads, in the last nights; None without any."""
        since = self._day - timedelta(days=SHARE_DAYS)
        ledger = self._assembly.ledger
        needed = ledger.work_counts(step.name, since)
        asked = [ledger.work_counts(name, since) for name in step.reads]
        nights = [
            night for night in needed if needed[night]
        ]  # one whose earlier steps still run tells nothing
        total = sum(max(counts.get(night, 0) for counts in asked) for night in nights)
        return min(1.0, sum(needed[night] for night in nights) / total) if total else None

    def _length(self, step: Step) -> float:
        """Prompt tokens of the step's requests for each one of the longest of the steps it reads; 1 while too few
        answers tell."""
        models = self._assembly.profile.models
        own = self._usual_tokens(step.name, models[step.tier])
        read = [self._usual_tokens(name, models[self._night.steps[name].tier]) for name in step.reads]
        longest = max((tokens for tokens in read if tokens is not None), default=None)
        return own / longest if own is not None and longest is not None else 1.0

    def _usual_tokens(self, step: str, model: str, at_least: int = CALIBRATED_FROM) -> float | None:
        history = self._assembly.ledger.billed(self._assembly.profile.name, step, model, HISTORY)
        return median(h.estimated_tokens for h in history) if len(history) >= at_least else None

    def _stand_in(self, step: Step) -> Request:
        model = self._assembly.profile.models[step.tier]
        return Request(step.name, model, step.tier, "", "", {}, step.max_tokens, step.prompt.version)

    def _summary(self) -> Forecast:
        """The report's opening lines: asked once more when anything of the night has changed."""
        forecast = Forecast(NIGHT_SUMMARY, basis="once for a report that has changed")
        if any(counted.due for counted in self._done.values()):
            request = summary_request("", self._assembly.profile)
            counted = self._counted(request) + SUMMARY_TOKENS
            usual = self._usual_tokens(NIGHT_SUMMARY, request.model, at_least=1)
            length = usual / counted if usual is not None else 1.0
            self._price(
                *(forecast, request, counted),
                lane=Lane.NIGHTLY,
                mode=Mode.ONLINE,
                likelihood=1.0,
                length=length,
            )
        return forecast


def _work(task: Task) -> Work:
    request = task.request
    return Work(
        task.case_id, task.input_hash, request.request_id, task.lane, request.prompt_version, request.model
    )


def plan_night(rehearsal: Rehearsal, day: date, paths: Sequence[Path], on_progress: OnProgress) -> Plan:
    """The plan of a night as things stand now, with mail at `paths` counted as if it belonged to it."""
    profile = rehearsal.profile
    rehearsal.receive(paths=paths, day=day, on_progress=on_progress)
    read = rehearsal.read_day(day, on_progress)
    rework = rehearsal.settings.calendar.default_rework(day, rehearsal.clock())
    forecasts = Planner(rehearsal, day, rework, on_progress).forecasts()
    return {
        "day": day.isoformat(),
        "profile": profile.name,
        "emulated": profile.emulated,
        "rework": rework.value,
        "messages": read.messages,
        "cases": read.cases,
        "steps": {f.step: _step_json(f) for f in forecasts},
        "total": _total_json(forecasts),
        "window": _window(rehearsal, day, forecasts),
        "budget": _budget(rehearsal, day, forecasts),
    }


def _step_json(forecast: Forecast) -> Mapping[str, Any]:
    return {
        "model": forecast.model or None,
        "records": {"new": forecast.new, "changed": forecast.changed, "reused": forecast.reused},
        "requests": round(forecast.requests),
        "requests_at_most": forecast.requests_at_most,
        "basis": forecast.basis,
        "calibrated": forecast.calibrated,
        "results": forecast.results,
        "input_tokens": {"typical": round(forecast.input_typical), "p95": round(forecast.input_p95)},
        "output_tokens": {
            "typical": round(forecast.output_typical) if forecast.answers_known else None,
            "p95": round(forecast.output_p95) if forecast.calibrated else None,
            "ceiling": forecast.output_ceiling,
        },
        "usd": _prices_json([forecast]),
    }


def _prices_json(forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    """All in batches, all online, and each request in the mode in which its lane or step sends it."""
    ways = {mode.value: _usd_json(forecasts, [f.usd[mode] for f in forecasts]) for mode in Mode}
    return {**ways, "routed": _usd_json(forecasts, [f.routed for f in forecasts])}


def _usd_json(forecasts: Sequence[Forecast], prices: Sequence[Usd]) -> Mapping[str, float | None]:
    """Before the first answers there is no typical price; but the one request for the opening lines, asked once a
    night, does not hide that of the others: it counts with its bound."""
    known = all(f.answers_known for f in forecasts if len(forecasts) == 1 or f.step != NIGHT_SUMMARY)
    likely = (p.typical if f.answers_known else p.at_most for f, p in zip(forecasts, prices, strict=True))
    low, p95, most = (sum(getattr(p, name) for p in prices) for name in ("low", "p95", "at_most"))
    return {
        "low": float(low),
        "typical": float(sum(likely)) if known else None,
        "p95": float(p95),
        "at_most": float(most),
    }


def _total_json(forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    return {
        "requests": round(sum(f.requests for f in forecasts)),
        "requests_at_most": sum(f.requests_at_most for f in forecasts),
        "calibrated": all(f.calibrated for f in forecasts),
        "usd": _prices_json(forecasts),
    }


def _window(rehearsal: Rehearsal, day: date, forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    """Whether the batches are back by the deadline; steps that read others wait for their batches first, and
    batches for which the provider's queue has no room wait for those before them."""
    calendar, now = rehearsal.settings.calendar, rehearsal.clock()
    deadline = calendar.deadline_of(day)
    taken = rehearsal.ledger.batch_seconds(rehearsal.profile.name, BATCHES)
    by_step, limit = {f.step: f for f in forecasts}, rehearsal.profile.limits.enqueued_tokens
    members = in_reading_order(rehearsal.steps)
    rounds = sum(turns_of([by_step[s.name] for s in steps], limit) for steps in members)
    seconds = rounds * median(taken) if taken else 0.0 if not rounds else None
    night = datetime.combine(deadline.date(), calendar.night_starts, calendar.zone)
    begins = max(now, night) if night < deadline else now
    return {
        "deadline": deadline.isoformat(),
        "rounds": rounds,
        "expected_seconds": seconds,
        "fits": None if seconds is None else begins + timedelta(seconds=seconds) <= deadline,
    }


def _budget(rehearsal: Rehearsal, day: date, forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    limits = limits_of(rehearsal.budget, rehearsal.lanes, day)
    stand = []
    for limit, now in zip(limits, rehearsal.ledger.committed(limits), strict=True):
        lanes = [limit.lane] if limit.lane is not None else list(Lane)
        planned = sum((f.at_most_by_lane.get(x, Decimal(0)) for f in forecasts for x in lanes), Decimal(0))
        stand.append(
            {
                "what": limit.what,
                "set_by": limit.setting,
                "usd": float(limit.usd),
                "spent_usd": float(now.spent_usd),
                "reserved_usd": float(now.reserved_usd),
                "planned_at_most_usd": float(planned),
                "fits": now.usd + planned <= limit.usd,
            }
        )
    return {"limits": stand, "fits": all(x["fits"] for x in stand) if stand else None}


def plan_lines(plan: Plan) -> list[str]:
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
    lines.append(f"  as it is sent, urgent mail and opening lines online: {_usd(total['routed'])} USD")
    lines += [f"  {name}: {note}" for name, step in plan["steps"].items() if (note := _note(step))]
    return [*lines, _window_line(plan["window"]), *_budget_lines(plan["budget"])]


def _step_line(name: str, step: Mapping[str, Any]) -> str:
    records, given, answered = step["records"], step["input_tokens"], step["output_tokens"]
    prompt = f"{given['typical']:,}, {given['p95']:,}"
    if answered["typical"] is None:
        answer = f"0..{answered['ceiling']:,}"
    else:
        most = answered["p95"] if answered["p95"] is not None else answered["ceiling"]
        answer = f"{answered['typical']:,}, {most:,}"
    return (
        f"  {name:<18}{records['new']:>7}{records['changed']:>8}{records['reused']:>7}{_many(step):>9}  {prompt:<21}"
        f"{answer:<23}{_usd(step['usd']['batch']):<24}{_usd(step['usd']['online'])}"
    )


def _many(counts: Mapping[str, Any]) -> str:
    likely, most = counts["requests"], counts["requests_at_most"]
    return str(most) if likely == most else f"{likely}..{most}"


def _usd(price: Mapping[str, float | None]) -> str:
    span = f"{price['low']:.4f}..{price['p95']:.4f}"
    return span if price["typical"] is None else f"{price['typical']:.4f} ({span})"


def _note(step: Mapping[str, Any]) -> str:
    """How the step's figures came about; empty where nothing is planned."""
    if not step["requests_at_most"]:
        return ""
    trust = (
        f"corrected by {step['results']} answers"
        if step["calibrated"]
        else f"uncalibrated, {step['results']} answers yet"
    )
    return f"{step['basis']}; {trust}"


def _window_line(window: Mapping[str, Any]) -> str:
    if window["expected_seconds"] is None:
        return f"  duration: no history yet; the deadline is {window['deadline']}"
    fits = "fits" if window["fits"] else "does not fit"
    seconds = window["expected_seconds"]
    takes = f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
    return f"  duration: about {takes} in {window['rounds']} rounds of batches, {fits} before {window['deadline']}"


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

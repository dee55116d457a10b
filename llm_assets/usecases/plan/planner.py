"""Planner: the requests a night would send and what they would cost, one forecast for each step."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.step import Step
from llm_assets.domain.effort import with_room_to_think
from llm_assets.domain.mail.document import Priority
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.requests.outcome import RequestState, Status
from llm_assets.domain.requests.request import Request
from llm_assets.engine.chunks import chunks
from llm_assets.engine.night.night import Night, in_reading_order
from llm_assets.engine.night.summary import FOR_THE_REPORT
from llm_assets.engine.planning.estimate import (
    CALIBRATED_FROM,
    EXACT,
    HISTORY,
    PER_PAGE,
    Calibration,
    Counter,
    calibrate,
)
from llm_assets.engine.planning.few import Few
from llm_assets.engine.planning.forecast import ASSUMED_RETRIES, Forecast, add_request
from llm_assets.engine.planning.route_rules import Route
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.steps.night_summary.step import NAME as NIGHT_SUMMARY
from llm_assets.steps.night_summary.step import summary_request
from llm_assets.steps.triage.step import TRIAGE
from llm_assets.usecases.desk.rehearsal import Rehearsal
from llm_assets.usecases.mail.triage import is_triaged, triage_tasks
from resources.tokens import o200k

SHARE_DAYS = 30
"""How far back earlier nights are counted to estimate which share of cases needs a step."""
SUMMARY_TOKENS = 1500
"""What the numbers of a report take in the request for its opening lines."""


@dataclass
class _Counted:
    """A step's forecast, and what its requests say about later steps."""

    forecast: Forecast
    due: dict[str, int] = field(default_factory=dict)
    """case_id -> prompt tokens of its request's text, counted but not corrected: no later step is shown its scans."""


class _Guess(NamedTuple):
    """What is known of a request beside its text."""

    counted: int
    likelihood: float | None = None
    length: float = 1.0


class Planner:
    """Plans one night from a rehearsal whose documents have been read."""

    def __init__(self, rehearsal: Rehearsal, day: date, rework: Rework, on_progress: OnProgress) -> None:
        self._assembly = rehearsal
        self._night: Night = rehearsal.night(day, rework=rework)
        self._day = day
        self._rework = rework
        self._on_progress = on_progress
        self._by_script, self._exactly = Counter(), Counter(o200k())
        self._calibrations: dict[tuple[str, str], Calibration] = {}
        self._done: dict[str, _Counted] = {}
        self._seen: set[str] = set()
        """Requests that are priced: several cases and several steps may share one."""

    def forecasts(self) -> list[Forecast]:
        """One for each step in order of reading, one for the report's opening lines, and one for triage where a queue has it."""
        for members in in_reading_order(self._assembly.steps):
            for step in members:
                self._done[step.name] = self._step(step)
        triage = [self._triage()] if is_triaged(self._assembly, self._day) else []
        return [*(counted.forecast for counted in self._done.values()), self._summary(), *triage]

    def _step(self, step: Step) -> _Counted:
        counted = _Counted(self._forecast(step))
        few = self._few(counted.forecast)
        for chunk in chunks(self._night.tasks(step)):
            planned = self._assembly.ledger.work.preview(
                self._day, step.name, [t.work for t in chunk], rework=self._rework
            )
            forecast = counted.forecast
            forecast.new += planned.new - planned.changed
            forecast.changed += planned.changed
            forecast.reused += planned.reused
            for task in chunk:
                request_id = task.request.request_id
                if task.stopped and request_id in planned.due:
                    forecast.stopped += 1
                elif request_id in planned.due and planned.assigned[task.case_id] == request_id:
                    tokens = self._add(few, task, first=request_id not in self._seen)
                    counted.due[task.case_id] = tokens - task.request.pages * PER_PAGE
                    self._seen.add(request_id)
                self._on_progress(f"planned {step.name}", len(counted.due), None)
        if step.reads:
            self._expect(step, counted, few)
        few.close()
        return counted

    def _forecast(self, step: Step) -> Forecast:
        since = self._day - timedelta(days=SHARE_DAYS)
        share = self._assembly.ledger.spending.retry_share(self._assembly.profile.name, step.name, since)
        if share is None:
            return Forecast(step.name, retries=ASSUMED_RETRIES, retries_known=False)
        return Forecast(step.name, retries=share)

    def _few(self, forecast: Forecast) -> Few[_Guess]:
        """Gives each request the route by which the night would send it, and prices it."""

        def price(task: Task, guess: _Guess, route: Route) -> None:
            self._price(forecast, task.request, guess, lane=task.lane, route=route)

        return Few(self._night.engine, self._day, price)

    def _add(self, few: Few[_Guess], task: Task, *, first: bool) -> int:
        """Tokens of the task's request, which is paid for once however many cases share it."""
        counted = self._counted(task.request)
        if first:
            few.add(task, _Guess(counted))
        return counted

    def _counted(self, request: Request) -> int:
        """Our own bills correct the count by script, with which they are kept; before there are any, the exact count
        is the better guess."""
        calibrated = self._calibration(request.step, request.model).calibrated
        return self._by_script(request) if calibrated else self._exactly(request)

    def _calibration(self, step: str, model: str) -> Calibration:
        if (step, model) not in self._calibrations:
            profile = self._assembly.profile
            history = self._assembly.ledger.spending.billed(profile.name, step, model, HISTORY)
            self._calibrations[step, model] = calibrate(profile.wire, history, EXACT)
        return self._calibrations[step, model]

    def _price(
        self, forecast: Forecast, request: Request, guess: _Guess, *, lane: Lane, route: Route
    ) -> None:
        add_request(
            forecast,
            self._assembly.prices,
            self._assembly.profile,
            request,
            guess.counted,
            self._calibration(request.step, request.model),
            lane=lane,
            route=route,
            likelihood=guess.likelihood,
            length=guess.length,
        )

    def _expect(self, step: Step, counted: _Counted, few: Few[_Guess]) -> None:
        """Adds the requests of cases whose earlier answers are still to come. How many of them need this step, and how long
        its requests are compared with the longest earlier ones of the same case, is taken from earlier nights. A case
        that was answered in this night and did not need the step is not expected to need it when it is asked again."""
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
        known = self._answered(step)
        if known >= waiting.keys() - counted.due.keys():
            forecast.basis = "the cases that have one now, at most every case"
        request, length = self._stand_in(step), self._length(step)
        for case in self._night.cases():
            if case.case_id in waiting and case.case_id not in counted.due:
                lane = Lane.URGENT if case.priority is Priority.URGENT else self._night.lane
                patience = self._night.queues.named_or_default(case.queue).patience
                task = Task(case.case_id, "", lane, request, patience=patience)
                likelihood = 0.0 if case.case_id in known else share if share is not None else 1.0
                tokens = counted.due[case.case_id] = waiting[case.case_id]
                few.add(task, _Guess(tokens, likelihood, length), likelihood)

    def _answered(self, step: Step) -> set[str]:
        """The cases of which every step that this one reads has an answer in this night."""
        found: list[set[str]] = []
        for name in step.reads:
            rows = self._assembly.lake.read(self._night.steps[name].table, self._day, ("case_id", "status"))
            found.append(
                {row["case_id"] for row in rows if Status(row["status"]) not in (Status.OPEN, Status.DEAD)}
            )
        return set.intersection(*found)

    def _share(self, step: Step) -> float | None:
        """Requests of the step for each case of the steps it reads, in the last nights; None without any."""
        since = self._day - timedelta(days=SHARE_DAYS)
        ledger = self._assembly.ledger
        needed = ledger.work.cases_per_night(step.name, since)
        asked = [ledger.work.cases_per_night(name, since) for name in step.reads]
        nights = [
            night for night in needed if needed[night]
        ]  # a night whose earlier steps still run has no share yet
        total = sum(max(counts.get(night, 0) for counts in asked) for night in nights)
        return min(1.0, sum(needed[night] for night in nights) / total) if total else None

    def _length(self, step: Step) -> float:
        """Prompt tokens of the step's requests for each token of the longest of the steps it reads; 1 while there are too
        few answers to know."""
        models = self._assembly.profile.models
        own = self._usual_tokens(step.name, models[step.tier])
        read = [self._usual_tokens(name, models[self._night.steps[name].tier]) for name in step.reads]
        longest = max((tokens for tokens in read if tokens is not None), default=None)
        return own / longest if own is not None and longest is not None else 1.0

    def _usual_tokens(self, step: str, model: str, at_least: int = CALIBRATED_FROM) -> float | None:
        history = self._assembly.ledger.spending.billed(self._assembly.profile.name, step, model, HISTORY)
        return median(h.estimated_tokens for h in history) if len(history) >= at_least else None

    def _stand_in(self, step: Step) -> Request:
        profile = self._assembly.profile
        effort = profile.effort_of(step.name, step.effort, step.tier)
        longest = with_room_to_think(step.max_tokens, effort, profile.limits.output_tokens)
        return Request(
            *(step.name, profile.models[step.tier], step.tier, "", "", {}, longest, step.prompt.version),
            effort=effort,
        )

    def _triage(self) -> Forecast:
        """The questions about mail of queues with `triage` that are not answered yet."""
        forecast = self._forecast(TRIAGE)
        forecast.basis = "as its mail lands, once each; the night asks none"
        tasks = triage_tasks(self._assembly, self._day)
        planned = self._assembly.ledger.work.preview(
            self._day, TRIAGE.name, [t.work for t in tasks], rework=Rework.STALE
        )
        forecast.new, forecast.changed = planned.new - planned.changed, planned.changed
        asked = {t.request.request_id: t for t in tasks if t.request.request_id in planned.due}
        forecast.stopped = sum(bool(t.stopped) for t in asked.values())
        for task in asked.values():
            if not task.stopped:
                guess, route = _Guess(self._counted(task.request)), Route(Mode.ONLINE, task.route_why)
                self._price(forecast, task.request, guess, lane=task.lane, route=route)
        return forecast

    def _summary(self) -> Forecast:
        """The report's opening lines: asked once more when anything of the night, their prompt or model has changed."""
        if self._assembly.settings.language != "en":
            return Forecast(NIGHT_SUMMARY, basis="put together by rule, as only English lines can be checked")
        forecast = Forecast(NIGHT_SUMMARY, basis="once for a report that has changed")
        request = summary_request((), "", self._assembly.profile)
        asked = next(iter(self._assembly.ledger.work.standings(self._day, NIGHT_SUMMARY)), None)
        now = (request.prompt_version, request.model)
        due = asked is not None and (
            asked.state is RequestState.DUE or (asked.prompt_version, asked.model) != now
        )
        if due or any(counted.due for counted in self._done.values()):
            counted = self._counted(request) + SUMMARY_TOKENS
            usual = self._usual_tokens(NIGHT_SUMMARY, request.model, at_least=1)
            length = usual / counted if usual is not None else 1.0
            self._price(
                *(forecast, request, _Guess(counted, 1.0, length)),
                lane=Lane.NIGHTLY,
                route=Route(Mode.ONLINE, FOR_THE_REPORT),
            )
        return forecast

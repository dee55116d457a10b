"""Show a request: what the configured provider would get for each case of a file. Needs no key and sends nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from llm_assets.domain.desk.model_choice import Choice, unshown
from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.step import Skip, Step, StepInput
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.dialect import system_of
from llm_assets.domain.errors import ConfigurationError, PermanentError
from llm_assets.domain.profile import Profile
from llm_assets.domain.requests.outcome import Status
from llm_assets.domain.requests.request import BATCH_ID_LENGTH, CustomId, Request
from llm_assets.engine.night.night import region_stop
from llm_assets.engine.night.rendered import rendered
from llm_assets.intake.pii.masking import mask_case
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.workers.folders import private_temporary_files
from llm_assets.steps import STEPS, merging_of
from llm_assets.usecases.desk.earlier_rows import (
    EarlierRows,
    UnfitRowsError,
    check_rows,
    columns_of,
    filled,
)
from llm_assets.usecases.mail.file_cases import FileCase, cases_in, queue_of
from resources.mail.scans import Scans
from resources.providers import provider_for
from resources.settings.environment import Settings, load_lanes, load_profile, load_queues, load_settings
from resources.settings.sources import load_sources

_NO_BATCH = "0" * BATCH_ID_LENGTH


@dataclass(frozen=True)
class ShownRequest:
    """One case's request, or why there is none."""

    number: int
    place: str
    queue: str
    notes: tuple[str, ...]
    request: Request | None = None
    choice: Choice | None = None
    system: str = ""
    """The system text as this server gets it."""
    line: bytes = b""
    """The request as a line of a batch; the batch's id in it is zeros."""

    @property
    def json(self) -> str:
        """For programs: `line` is what a batch file would hold."""
        about: dict[str, Any] = {
            "case": self.number,
            "place": self.place,
            "queue": self.queue,
            "notes": self.notes,
        }
        if self.request is not None and self.choice is not None:
            about |= {
                "step": self.request.step,
                "model": self.request.model,
                "tier_reason": self.choice.reason,
                "request_id": self.request.request_id,
                "prompt_version": self.request.prompt_version,
                "line": json.loads(self.line),
            }
        return json.dumps(about, ensure_ascii=False)

    @property
    def text(self) -> str:
        """For people: the parts under headings."""
        parts = [f"# {self.number}. {self.place} (queue {self.queue})", *(f"[{note}]" for note in self.notes)]
        request = self.request
        if request is None or self.choice is None:
            return "\n\n".join(parts) + "\n"
        schema = json.dumps(request.schema, ensure_ascii=False, indent=2)
        parts += [
            f"step {request.step}, model {request.model} ({request.tier.value}: {self.choice.reason}), "
            f"at most {request.max_tokens} tokens of answer, {len(request.pictures)} scans, "
            f"request {request.request_id}",
            f"## System\n\n{self.system}",
            f"## Case\n\n{request.user}",
            f"## Schema\n\n{schema}",
        ]
        return "\n\n".join(parts) + "\n"


class _Asked(NamedTuple):
    step: Step
    queue: str | None
    upstream: EarlierRows

    @property
    def absent(self) -> tuple[str, ...]:
        """The steps that it reads and whose rows nobody gave."""
        return tuple(name for name in self.step.reads if name not in self.upstream)


def show_requests(
    path: Path, step: str, *, queue: str | None = None, upstream: Path | None = None
) -> Iterator[ShownRequest]:
    """The request of each message of a file, or of each record of a register. `upstream` is a JSON file with the rows of
    the steps that this one reads; without it they are shown as absent.

    Raises ConfigurationError for a file, step, queue or row that cannot be used.
    """
    settings = load_settings()
    asked = _Asked(_step(step), queue, _rows_in(upstream, _step(step)) if upstream is not None else {})
    drops = DropRules(load_sources(settings).drops, settings.timezone)
    desk = _Desk(settings)
    try:
        with private_temporary_files():
            for number, found in enumerate(cases_in(path, drops), start=1):
                yield desk.shown(number, found, asked)
    except OSError as err:
        raise ConfigurationError(f"cannot read {path}: {err.strerror}; name a mail or document") from err


class _OneMessage(NamedTuple):
    """The raw bytes that scans are shown from."""

    raw: bytes

    def get(self, sha256: str) -> bytes:
        return self.raw


class _Desk:
    def __init__(self, settings: Settings) -> None:
        self._timeout_seconds = settings.http_timeout_seconds
        self._profile: Profile = load_profile(settings)
        self._queues = load_queues(settings)
        self._reading = load_lanes(settings).reading

    def shown(self, number: int, found: FileCase, asked: _Asked) -> ShownRequest:
        queue = queue_of(found.message, self._queues, asked.queue)
        given = StepInput(found.case, queue, {}, self._reading, unshown(queue, self._profile))
        given = replace(given, upstream=_upstream(asked, given))
        shown = ShownRequest(number, found.place, queue.name, tuple(_notes(asked, queue)))
        stop = self._stop(found, asked, given)
        return self._with_request(shown, found, asked.step, given) if stop is None else _without(shown, stop)

    def _stop(self, found: FileCase, asked: _Asked, given: StepInput) -> str | None:
        """Why nothing is sent for the case, unless an absent row would decide that."""
        if found.message.error is not None and found.is_record:
            return found.message.error.message
        stopped = region_stop(given.queue, self._profile)
        skip = asked.step.skip(given) if not asked.absent else None
        return stopped if skip is None else _by_rule(skip)

    def _with_request(
        self, shown: ShownRequest, found: FileCase, step: Step, given: StepInput
    ) -> ShownRequest:
        request = rendered(
            merging_of(STEPS).asked(step, given.queue), given, self._profile, mask_case
        ).request
        provider = provider_for(
            self._profile,
            timeout_seconds=self._timeout_seconds,
            show=Scans(_OneMessage(found.raw), self._reading.vision_bytes),
        )
        try:
            line = provider.line(request, str(CustomId(_NO_BATCH, request.request_id, 1)))
        except PermanentError as err:
            return _without(shown, str(err))
        system = system_of(request.system, request.schema, self._profile.dialect)
        return replace(shown, request=request, choice=step.choice(given), system=system, line=line)


def _without(shown: ShownRequest, why: str) -> ShownRequest:
    return replace(shown, notes=(*shown.notes, f"nothing is sent: {why}"))


def _by_rule(skip: Skip) -> str:
    said = f"the row is made without a model, with the status {skip.status.value}"
    if skip.doubt is not None:
        said += f", because of {skip.doubt.reason}" + (f" ({skip.doubt.detail})" if skip.doubt.detail else "")
    if skip.made is not None:
        said += f", and a rule answers {json.dumps(dict(skip.made), ensure_ascii=False)}"
    return said


def _notes(asked: _Asked, queue: Queue) -> Iterator[str]:
    category = asked.upstream.get("categories", {}).get("category")
    if category is not None and queue.category(str(category)) is None:
        known = ", ".join(c.name for c in queue.categories)
        yield f"queue {queue.name} has no category {category}, which --upstream gives; it has {known}"
    if not queue.mask:
        yield f"queue {queue.name} has `mask: false`: sent as it is"
    if asked.absent:
        yield f"{asked.step.name} reads {' and '.join(asked.absent)}, absent here: give the rows with --upstream"


def _step(name: str) -> Step:
    found = next((step for step in STEPS if step.name == name), None)
    if found is None:
        raise ConfigurationError(
            f"--step {name} is not known; choose one of: {', '.join(s.name for s in STEPS)}"
        )
    return found


def _rows_in(path: Path, step: Step) -> EarlierRows:
    """The file's object: step -> column -> value."""
    try:
        rows = json.loads(path.read_bytes())
    except (OSError, ValueError) as err:
        raise ConfigurationError(f"--upstream {path} cannot be read as JSON: {type(err).__name__}") from err
    try:
        return check_rows(rows, step, STEPS)
    except UnfitRowsError as err:
        raise ConfigurationError(f"--upstream {path}: {err}") from err


def _upstream(asked: _Asked, given: StepInput) -> EarlierRows:
    """The earlier rows, with what follows from what was given; of absent ones the name of each text that is never empty."""
    rows: dict[str, Row] = {}
    for name in asked.step.reads:
        earlier, said = _step(name), asked.upstream.get(name)
        if said is None:
            texts = (key for key, field in earlier.output.model_fields.items() if field.annotation is str)
            columns = columns_of(name, STEPS)
            absent = {key: f"({name}.{key})" for key in texts if key in columns}
            rows[name] = dict.fromkeys(columns) | {"status": Status.OK.value} | absent
        else:
            rows[name] = filled(said, earlier, given)
    return rows

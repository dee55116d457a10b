"""Report a night: its review queue and its morning report, from lake and ledger."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import orjson
import structlog

from llm_assets.domain.desk.tables import (
    DECISIONS,
    DOCUMENTS,
    LLM_USAGE,
    MORNING_REPORT,
    REVIEW_QUEUE,
    Row,
    Table,
)
from llm_assets.domain.mail.document_rows import arrived_at
from llm_assets.engine.answers.decisions import decision_rows
from llm_assets.engine.answers.review_rows import review_rows
from llm_assets.engine.night.summary import summarise
from llm_assets.engine.rounds.progress import Progress
from llm_assets.report.attention import PastNight
from llm_assets.report.cases import Due, report_columns
from llm_assets.report.changes import changes, under_names_of_today
from llm_assets.report.numbers import NightCases, ReportNumbers, numbers_of, read_cases, with_spend
from llm_assets.report.render import Page, Rendered, content, render
from llm_assets.report.summary.check import opening
from llm_assets.report.summary.sentences import sentences, stated_numbers
from llm_assets.report.summary.translated import summary_in
from llm_assets.report.view import SECTIONS, Audience, View
from llm_assets.steps.night_summary.step import PROMPT, summary_request
from llm_assets.usecases.agreement.judged import write_agreement
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.read_mailboxes import mailboxes_of
from llm_assets.usecases.night.missing import missing
from llm_assets.usecases.night.step_tables import write_usage
from llm_assets.usecases.report.contested_cases import contested_cases
from llm_assets.usecases.report.figures import figures
from llm_assets.usecases.report.texts import approved_opening, propose_texts
from llm_assets.words.language import Language
from llm_assets.words.words import words_in
from resources.lake.history import past_nights
from resources.report_files import Revision, exported, write_revision

log = structlog.get_logger()

REPORT_VERSION = PROMPT.version
"""Version of the prompt that the opening lines are written with."""


def write_review_queue(assembly: Assembly, day: date) -> int:
    """Rewrites the night's review queue and returns its row count."""
    lake = assembly.lake
    rows = {s.name: lake.read(s.table, day) for s in assembly.steps}
    before = list(lake.read(REVIEW_QUEUE, day))
    decisions = assembly.ledger.review.decisions(day)
    now = assembly.clock()
    queues = assembly.queues_of(day)
    count = lake.write(REVIEW_QUEUE, day, review_rows(day, rows, before, decisions, queues, now))
    if decisions or lake.has(DECISIONS, day):
        cases = {d.case_id for d in decisions}
        heads = lake.read(DOCUMENTS, day, ["case_id", "record_id", "queue", "role"], cases)
        lake.write(DECISIONS, day, decision_rows(day, decisions, heads))
    write_agreement(assembly, day, decisions)
    lake.publish()
    return count


class Written(NamedTuple):
    revision: Revision
    totals: Mapping[str, int]
    """Cases by what became of them; all of the report that may be kept outside the house's own files."""


def write_report(
    assembly: Assembly,
    day: date,
    pause: Callable[[Progress], bool],
    *,
    language: Language | None = None,
    sections: Sequence[str] = SECTIONS,
    audience: Audience = Audience.LEAD,
    by_rule: bool = False,
) -> Written:
    """Computes, summarises and writes the report; without a change the newest revision is returned.

    The language is that of the settings where none is given. `by_rule`: its opening lines are made without a model, because
    there is no time left to ask one.
    """
    settings = assembly.settings
    view = View(language or settings.language, tuple(sections), audience, settings.review_url)
    night, numbers, review = _numbers(assembly, day)
    summary, by = _summary(assembly, numbers, view.language, None if by_rule else pause)
    texts = propose_texts(assembly, night, numbers, review, summary, words_in(view.language))
    write_usage(assembly, day)
    usage = list(assembly.lake.read(LLM_USAGE, day))
    numbers = with_spend(numbers, usage, assembly.ledger.spending.failures(day))
    opening_lines = approved_opening(texts)
    page = Page(
        numbers=numbers,
        summary=opening_lines.text if opening_lines is not None else summary,
        summary_by=opening_lines.by if opening_lines is not None else by,
        zone=settings.timezone,
        emulated=assembly.profile.emulated,
        figures=figures(assembly, numbers, usage, texts),
        view=view,
    )
    now = assembly.clock().astimezone(settings.calendar.zone)
    said = content(page)

    def rendered(number: int, before: Mapping[str, Any] | None) -> Rendered:
        names = assembly.queues.former_names
        told = changes(under_names_of_today(before, names), said) if before is not None else None
        return render(replace(page, changes=told), revision=number, generated_at=now)

    revision = write_revision(assembly.reports, day, said, rendered, assembly.ledger.trail.head()._asdict())
    _record(assembly, day, page, revision)
    assembly.ledger.trail.append_once(exported(day, revision))
    return Written(revision, said["totals"])


class _Read(NamedTuple):
    night: NightCases
    numbers: ReportNumbers
    review: Sequence[Row]


def _numbers(assembly: Assembly, day: date) -> _Read:
    lake, names = assembly.lake, assembly.queues.former_names

    def rows(table: Table, columns: Sequence[str] | None = None) -> Iterator[Row]:
        return (names.present(row) if names else row for row in lake.read(table, day, columns))

    night = read_cases(
        rows(DOCUMENTS, report_columns(DOCUMENTS)),
        {s.name: rows(s.table, report_columns(s.table)) for s in assembly.steps},
        _due(assembly, day),
    )
    review = list(rows(REVIEW_QUEUE))
    numbers = numbers_of(
        day,
        night,
        review=review,
        usage=lake.read(LLM_USAGE, day),
        missing=list(missing(assembly, day)),
        history=_history(assembly, day),
        contested=contested_cases(night, assembly.ledger.review.decisions(day)),
    )
    return _Read(night, numbers, review)


def _due(assembly: Assembly, day: date) -> Due:
    queues, zone = assembly.queues_of(day), assembly.settings.calendar.zone
    return lambda first, found: queues.reply_by(first["queue"], arrived_at(first), found, zone)


def _history(assembly: Assembly, day: date) -> list[PastNight]:
    """Earlier nights, those marked whose mail is not all there: their counts would pass for a quiet day."""
    nights = past_nights(assembly.lake, day)
    received = assembly.ledger.register.counts([n.day for n in nights])
    mailboxes = mailboxes_of(assembly)
    return [
        replace(n, partly_received=received.get(n.day, 0) != n.messages or any(mailboxes.unread(n.day)))
        for n in nights
    ]


def _summary(
    assembly: Assembly, numbers: ReportNumbers, language: Language, pause: Callable[[Progress], bool] | None
) -> tuple[str, str]:
    """The opening lines and the model that smoothed them; those made by rule when it is silent or says anything else.

    Only English lines are smoothed, because only they can be checked against the numbers.
    """
    if language != "en":
        return summary_in(numbers, words_in(language)), ""
    if pause is None:
        return opening(None, numbers).text, ""
    as_json = orjson.dumps(stated_numbers(numbers)).decode()
    said, other = sentences(numbers), assembly.fallback_profile
    request = summary_request(said, as_json, assembly.profile)
    instead = summary_request(said, as_json, other) if other is not None else None
    summary = summarise(assembly.engine, numbers.day, request, pause, instead)
    lines = opening(summary.text if summary is not None else None, numbers)
    if lines.refused is not None:
        log.warning("summary refused", day=str(numbers.day), why=lines.refused)
    return lines.text, summary.model if summary is not None and lines.is_smoothed else ""


def _record(assembly: Assembly, day: date, page: Page, written: Revision) -> None:
    """The revision's row in `morning_report`."""
    if not written.new and any(
        r["revision"] == written.number for r in assembly.lake.read(MORNING_REPORT, day, ["revision"])
    ):
        return
    earlier = [r for r in assembly.lake.read(MORNING_REPORT, day) if r["revision"] != written.number]
    row: dict[str, Any] = {
        "day": day.isoformat(),
        "revision": written.number,
        "generated_at": assembly.clock().isoformat(),
        "path": str(written.html),
        "totals": content(page)["totals"],
    }
    assembly.lake.write(MORNING_REPORT, day, [*earlier, row])
    assembly.lake.publish()


def newest_totals(assembly: Assembly, day: date) -> dict[str, int]:
    """Totals of the newest revision; empty counts before there is one."""
    rows: Sequence[dict[str, Any]] = list(assembly.lake.read(MORNING_REPORT, day, ["revision", "totals"]))
    newest = max(rows, key=lambda r: int(r["revision"]), default=None)
    return Counter(newest["totals"]) if newest is not None else Counter()

"""The command `trace`: everything that happened to a record, for a person or a program."""

import json
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Annotated

import typer

from llm_assets.cli.options import JsonOption, OnlyDayOption, date_of

if TYPE_CHECKING:
    from llm_assets.usecases.records.trace import StepTrace, Traced


def trace(
    record: Annotated[str, typer.Argument(help="A record_id, case_id, Message-ID or raw_sha256.")],
    day: OnlyDayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what happened to a record: read, masked text as sent, prompt, answer, doubts, decisions and cost, by step."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.records.trace import trace as use_case

    with open_desk() as assembly:
        found, zone = use_case(assembly, record, date_of(day)), assembly.settings.calendar.zone
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False))
        return
    for line in lines_of(found, zone):
        typer.echo(line)


def lines_of(found: "Traced", zone: tzinfo) -> Iterator[str]:
    """For a person; moments are those of `zone`."""
    yield f"# Record {found.record_id}"
    yield f"day {found.day}, queue {found.queue}, case {found.case_id}, {found.cost_usd:.6f} USD; times are of {zone}"
    if found.other_days:
        yield f"also on {', '.join(map(str, found.other_days))}: name one with --day"
    for message in found.messages:
        yield f"\n## Read: {message.role} message {message.record_id}"
        yield f"arrived {_minute(message.arrived_at, zone)} from {message.source}, {message.place}, raw file {message.raw_sha256}"
        yield f"sender {message.sender}; language {message.language}; flags {', '.join(message.flags) or 'none'}"
        yield f"subject: {message.subject}\n\n{message.text}"
        for file in message.files:
            pages = f", {file.pages} pages" if file.pages is not None else ""
            yield f"\nfile {file.filename}: {file.content_type}{pages}, {file.characters} characters ({file.text_source})"
    for step in found.steps:
        yield from _step(step, zone)
    if found.earlier:
        yield "\n## Requests that no longer answer the case"
        yield from (
            f"- {t.request_id}, try {t.attempt}: {t.outcome}, {t.cost_usd:.6f} USD" for t in found.earlier
        )


def _step(step: "StepTrace", zone: tzinfo) -> Iterator[str]:
    by = f", by {step.decided_by}" if step.decided_by else ""
    doubt = f", because of {step.doubt_reason} ({step.doubt_detail})" if step.doubt_reason else ""
    yield f"\n## {step.step}: {step.status}{by}{doubt}"
    yield "; ".join(f"{name} {value}" for name, value in step.asked.items())
    if step.masks:
        yield step.masks
    if step.prompt is not None:
        changed = "" if step.prompt.same else " (as it would be sent now: it has changed since)"
        yield f"\n### Prompt{changed}\n\n{step.prompt.system}\n\n### Text as it left the house\n\n{step.prompt.user}"
    else:
        yield step.no_prompt
    if step.answer is not None:
        yield f"\n### Answer\n\n{json.dumps(step.answer, ensure_ascii=False, indent=2)}"
    if step.tries:
        yield "\n### Sent"
    for each in step.tries:
        ended = _minute(each.settled_at, zone) if each.settled_at is not None else "not yet"
        why = f" ({each.reason})" if each.reason else ""
        tokens = f"{each.input_tokens} + {each.output_tokens} tokens"
        yield f"- try {each.attempt}, {each.mode}, {each.model}: {each.outcome}{why}, {tokens}, {each.cost_usd:.6f} USD, answered {ended}"
    if step.cases > 1:
        yield f"one request for {step.cases} cases"
    if step.shares_with:
        yield f"one request with {step.shares_with}, where its cost is counted"
    if step.decisions:
        yield "\n### Decided"
    for made in step.decisions:
        values = json.dumps(dict(made.values), ensure_ascii=False)
        yield f"- {_minute(made.decided_at, zone)} {made.decided_by}: {made.kind} {values}"


def _minute(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"

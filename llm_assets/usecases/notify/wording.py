"""The words of a notice: a title of one line and a text. All sentences are here, so that they are translated in one place."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from llm_assets.domain.notice import Notice, NoticeKind

Facts = Mapping[str, Any]  # of JSON


class Words(NamedTuple):
    title: str
    text: str


def words_of(notice: Notice) -> Words:
    says = {
        NoticeKind.REPORT_READY: _ready,
        NoticeKind.NIGHT_LATE: _late,
        NoticeKind.BUDGET_STOPPED: _stopped,
        NoticeKind.LANE_BLOCKED: _blocked,
    }
    return says[notice.kind](notice.facts)


def trial_words() -> Words:
    return Words(
        "Test: the desk can reach you", "Somebody ran `llm-assets notify --test`. There is no news.\n"
    )


def _ready(facts: Facts) -> Words:
    totals = facts["totals"]
    what = [f"{totals['documents']} cases", f"{totals['review']} for people"]
    what += [f"{totals[name]} {said}" for name, said in _WORTH_A_WORD.items() if totals.get(name)]
    title = f"Report of {facts['day']}: {', '.join(what)}"
    lines = [f"The report of {facts['day']} is there, revision {facts['revision']}."]
    lines += [f"{totals['received']} messages came in: {', '.join(what)}."]
    lines += [f"{totals['drafts_ready']} drafts are ready."]
    lines += [
        f"{name}: {facts[key]}" for key, name in (("report", "Report"), ("queue", "Queue")) if key in facts
    ]
    return _words(title, lines)


_WORTH_A_WORD = {"open": "open", "dead": "failed"}


def _late(facts: Facts) -> Words:
    deadline = _minute(facts["deadline"])
    title = f"Night of {facts['day']} is late: no report at {deadline}"
    written = facts["written_at"]
    state = f"It was written at {_minute(written)}." if written else "There is none yet."
    lines = [f"The report of {facts['day']} was due at {deadline}. {state}"]
    if facts["open_batches"]:
        lines.append(f"{facts['open_batches']} batches are still at the provider.")
    lines.append(f"What keeps it: `llm-assets status --day {facts['day']}`.")
    return _words(title, lines)


def _stopped(facts: Facts) -> Words:
    title = f"Budget stop: {facts['requests']} requests of {facts['day']} are not sent"
    lines = [
        f"{facts['requests']} requests of the night of {facts['day']} might cost more than a limit leaves."
    ]
    lines += [
        f"Limit: {limit['usd']} USD for {limit['of']}, {limit['spent_usd']} USD spent; set by {limit['set_by']}."
        for limit in facts["limits"]
    ]
    lines.append("Raise the limit and run the night again, or leave them open: the report names them.")
    return _words(title, lines)


def _blocked(facts: Facts) -> Words:
    since = _minute(facts["since"])
    lanes = ", ".join(facts["lanes"])
    title = f"Blocked: {facts['provider']} takes nothing since {since}"
    lines = [f"Nothing of the lanes {lanes} is sent to {facts['provider']} since {since}."]
    lines += [facts["why"], "It is tried again by itself, with one request at a time."]
    return _words(title, lines)


def _words(title: str, lines: list[str]) -> Words:
    return Words(" ".join(title.split()), "\n".join([*lines, ""]))


def _minute(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M}"

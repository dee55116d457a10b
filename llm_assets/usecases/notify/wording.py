"""The words of a notice: a title of one line and a text, in the language of the house."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from llm_assets.domain.notice import Notice, NoticeKind
from llm_assets.words.words import Words

Facts = Mapping[str, Any]  # of JSON


class NoticeWords(NamedTuple):
    title: str
    text: str


def words_of(notice: Notice, words: Words) -> NoticeWords:
    says = {
        NoticeKind.REPORT_READY: _ready,
        NoticeKind.NIGHT_LATE: _late,
        NoticeKind.BUDGET_STOPPED: _stopped,
        NoticeKind.LANE_BLOCKED: _blocked,
    }
    return says[notice.kind](notice.facts, words)


def trial_words(words: Words) -> NoticeWords:
    title = words.say("Test: the desk can reach you")
    return _lines(title, [words.say("Somebody ran `llm-assets notify --test`. There is no news.")])


def _ready(facts: Facts, words: Words) -> NoticeWords:
    totals, day = facts["totals"], facts["day"]
    what = [words.counted("%(num)s case", "%(num)s cases", totals["documents"])]
    what.append(words.counted("%(num)s for people", "%(num)s for people", totals["review"]))
    if totals.get("open"):
        what.append(words.counted("%(num)s open", "%(num)s open", totals["open"]))
    if totals.get("dead"):
        what.append(words.counted("%(num)s failed", "%(num)s failed", totals["dead"]))
    listed = ", ".join(what)
    lines = [
        words.say(
            "The report of %(day)s is there, revision %(revision)s.", day=day, revision=facts["revision"]
        ),
        words.counted(
            "%(num)s message came in: %(what)s.",
            "%(num)s messages came in: %(what)s.",
            totals["received"],
            what=listed,
        ),
        words.counted("%(num)s draft is ready.", "%(num)s drafts are ready.", totals["drafts_ready"]),
    ]
    if "report" in facts:
        lines.append(words.say("Report: %(address)s", address=facts["report"]))
    if "queue" in facts:
        lines.append(words.say("Queue: %(address)s", address=facts["queue"]))
    return _lines(words.say("Report of %(day)s: %(what)s", day=day, what=listed), lines)


def _late(facts: Facts, words: Words) -> NoticeWords:
    day, deadline, written = facts["day"], _minute(facts["deadline"]), facts["written_at"]
    state = words.say("There is none yet.")
    if written:
        state = words.say("It was written at %(at)s.", at=_minute(written))
    due = words.say("The report of %(day)s was due at %(deadline)s.", day=day, deadline=deadline)
    lines = [f"{due} {state}"]
    if facts["open_batches"]:
        lines.append(
            words.counted(
                "%(num)s batch is still at the provider.",
                "%(num)s batches are still at the provider.",
                facts["open_batches"],
            )
        )
    lines.append(words.say("What keeps it: `llm-assets status --day %(day)s`.", day=day))
    return _lines(
        words.say("Night of %(day)s is late: no report at %(deadline)s", day=day, deadline=deadline), lines
    )


def _stopped(facts: Facts, words: Words) -> NoticeWords:
    day, requests = facts["day"], facts["requests"]
    title = words.counted(
        "Budget stop: %(num)s request of %(day)s is not sent",
        "Budget stop: %(num)s requests of %(day)s are not sent",
        requests,
        day=day,
    )
    lines = [
        words.counted(
            "%(num)s request of the night of %(day)s might cost more than a limit leaves.",
            "%(num)s requests of the night of %(day)s might cost more than a limit leaves.",
            requests,
            day=day,
        )
    ]
    lines += [
        words.say("Limit: %(usd)s USD for %(of)s, %(spent_usd)s USD spent; set by %(set_by)s.", **limit)
        for limit in facts["limits"]
    ]
    lines.append(
        words.say("Raise the limit and run the night again, or leave them open: the report names them.")
    )
    return _lines(title, lines)


def _blocked(facts: Facts, words: Words) -> NoticeWords:
    since, provider = _minute(facts["since"]), facts["provider"]
    lanes = ", ".join(facts["lanes"])
    lines = [
        words.say(
            "Nothing of the lanes %(lanes)s is sent to %(provider)s since %(since)s.",
            lanes=lanes,
            provider=provider,
            since=since,
        ),
        facts["why"],
        words.say("It is tried again by itself, with one request at a time."),
    ]
    title = words.say("Blocked: %(provider)s takes nothing since %(since)s", provider=provider, since=since)
    return _lines(title, lines)


def _lines(title: str, lines: list[str]) -> NoticeWords:
    return NoticeWords(" ".join(title.split()), "\n".join([*lines, ""]))


def _minute(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M}"

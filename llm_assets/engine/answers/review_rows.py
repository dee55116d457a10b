"""The review queue: every case a person has to look at, from the steps' rows. Pure."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta

from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.requests.outcome import Status
from llm_assets.engine.answers.decisions import holds_for, in_force
from llm_assets.engine.ports.review import REQUEST, Decision, DecisionKind


def review_rows(
    day: date,
    step_rows: Mapping[str, Iterable[Row]],
    before: Iterable[Row],
    decisions: Iterable[Decision],
    queues: Queues,
    now: datetime,
) -> Iterator[dict[str, object]]:
    """A row per doubt, decided ones included. `before` is the table as it was: a doubt keeps the time at which it was opened.

    A draft that only waits for another step's doubt adds no row of its own, and the same doubt in two steps (nothing
    could be read) is one row: a person looks once.
    """
    opened = {(r["case_id"], r["step"], r["reason"]): r for r in before}
    decided = {(d.case_id, d.step): d for d in in_force(decisions)}
    written: set[tuple[str, str, str]] = set()
    doubted: set[tuple[str, str, str | None]] = set()
    for step, rows in step_rows.items():
        for row in rows:
            if row["status"] == Status.REVIEW and row["doubt_reason"] is not None:
                key = (row["case_id"], step, row["doubt_reason"])
                over = _about_another(decided.get(key[:2]), row)
                if over is not None and row.get("request_id") == over.before.get(REQUEST):
                    continue  # the doubt about the answer that a person has sent back
                written.add(key)
                doubt = (row["case_id"], row["doubt_reason"], row["doubt_detail"])
                if doubt in doubted:
                    continue
                doubted.add(doubt)
                earlier = opened.get(key)
                yield {
                    "day": day.isoformat(),
                    "case_id": row["case_id"],
                    "record_id": row["record_id"],
                    "queue": row["queue"],
                    "step": step,
                    "reason": row["doubt_reason"],
                    "detail": row["doubt_detail"],
                    "reviewers": list(queues.reviewers(row["queue"])),
                    "opened_at": _opened_at(earlier, over, now),
                    "decided_at": None,
                    "decision": None,
                }
    for key, row in opened.items():
        decision = decided.get((row["case_id"], row["step"]))
        if key not in written and decision is not None:
            yield dict(row) | {
                "decided_at": decision.decided_at.isoformat(),
                "decision": json.dumps(
                    {"kind": decision.kind, **decision.values}, ensure_ascii=False, sort_keys=True
                ),
            }


def _about_another(decision: Decision | None, row: Row) -> Decision | None:
    """The decision, where it sent an answer back or approved a former one."""
    if decision is None:
        return None
    is_former = decision.kind is DecisionKind.SEND_BACK or not holds_for(decision, row.get("request_id"))
    return decision if is_former else None


def _opened_at(earlier: Row | None, over: Decision | None, now: datetime) -> object:
    """A doubt about the answer that came after one was sent back or approved is a new one, and opened after that."""
    if earlier is not None and (over is None or earlier["opened_at"] > over.decided_at):
        return earlier["opened_at"]
    after = over.decided_at + timedelta(seconds=1) if over is not None else now
    return max(now, after).isoformat()

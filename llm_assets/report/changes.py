"""What a revision of the report says otherwise than the one before it, in figures that people look at. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from llm_assets.domain.desk.queue import FormerNamesOf

Json = Mapping[str, Any]  # the content of report.json
_COUNT = re.compile(r"(?<!\S)[0-9][0-9,]*(?!\S)")


def changes(before: Json, now: Json) -> dict[str, Any]:
    """Differences as pairs of before and now; a key without any is left out. Content of older versions may lack keys."""
    found: dict[str, Any] = {
        "totals": _pairs(before.get("totals", {}), now["totals"]),
        "queues": {
            name: pairs
            for name, queue in now["queues"].items()
            if (pairs := _pairs(before.get("queues", {}).get(name, {}), queue))
        },
        "categories": [line for name in now["queues"] for line in _categories(before, now, name)],
        "spend": _pairs(before.get("spend", {}), now["spend"]),
        "decided": _pair(before.get("review_decided", 0), now["review_decided"]),
        "no_longer_missing": _without(before, now),
        "newly_missing": _without(now, before),
        "texts": _texts(before, now),
        "drafts": _pairs(before.get("drafts", {}), now.get("drafts", {})),
        "summary": _pair(before.get("summary", ""), now["summary"]) and True,
    }
    return {name: value for name, value in found.items() if value}


def under_names_of_today(before: Json, names: FormerNamesOf) -> Json:
    """What an earlier revision says by queue and category, under their present names: a new name is no change of a number."""
    return {
        **before,
        "queues": {names.queues.get(q, q): _named(q, v, names) for q, v in before.get("queues", {}).items()},
    }


def _named(queue: str, figures: Json, names: FormerNamesOf) -> Json:
    counts = figures.get("by_category", {}).items()
    renamed = names.categories.get(queue, {})
    return {**figures, "by_category": {renamed.get(category, category): count for category, count in counts}}


def _pairs(before: Json, now: Json) -> dict[str, list[float]]:
    """Of the plain numbers in both."""
    return {
        name: pair
        for name, value in now.items()
        if isinstance(value, int | float) and (pair := _pair(before.get(name, 0), value))
    }


def _pair(before: Any, now: Any) -> list[Any] | None:  # JSON values
    return [before, now] if before != now else None


def _categories(before: Json, now: Json, queue: str) -> list[dict[str, Any]]:
    old = before.get("queues", {}).get(queue, {}).get("by_category", {})
    new = now["queues"][queue]["by_category"]
    return [
        {"queue": queue, "category": name, "cases": pair}
        for name in sorted({*old, *new})
        if (pair := _pair(old.get(name, 0), new.get(name, 0)))
    ]


def _without(content: Json, other: Json) -> list[str]:
    """Fewer cases of the same kind are still missing: how many is said by the totals."""
    known = {_kind(item["what"]) for item in other.get("missing", ())}
    return [item["what"] for item in content.get("missing", ()) if _kind(item["what"]) not in known]


def _kind(what: str) -> str:
    return _COUNT.sub("", what)


def _texts(before: Json, now: Json) -> list[dict[str, str]]:
    """Parts whose text people approved or changed."""
    old = {t["part"]: (t["state"], t["text"], t["by"]) for t in before.get("texts", ())}
    return [
        {"part": t["part"], "state": t["state"]}
        for t in now.get("texts", ())
        if t["by"] and old.get(t["part"]) != (t["state"], t["text"], t["by"])
    ]

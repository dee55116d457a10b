"""Lists of batches as a scenario distorts them: their order, pages, times and entries. Lists in good order are made where
each provider's operations are."""

from datetime import UTC, datetime
from typing import Any

from llm_assets.emulator.clock import rfc3339, unix
from llm_assets.emulator.errors import Protocol
from llm_assets.emulator.scenario import Lists

DAY = 86_400.0


def distorted(
    lists: Lists, protocol: Protocol, rows: list[dict[str, Any]], after: str | None, limit: int, now: float
) -> dict[str, Any]:
    """One page of a list. `rows` are all batches, newest first; `after` is the id after which the page begins."""
    every = [_timed(row, lists) for row in [*rows, *(_older(protocol, n, now) for n in range(lists.older))]]
    if lists.oldest_first:
        every.reverse()
    head: dict[str, Any] = {"object": "list"} if protocol == "openai" else {}
    nulls: list[Any] = [None] * lists.nulls
    if not lists.pages:
        return {**head, "data": nulls + every}
    ids = [row["id"] for row in every]
    start = ids.index(after) + 1 if after in ids and not lists.repeats else 0
    size = min(limit, lists.page_size) if lists.page_size is not None else limit
    page = every[start : start + size]
    return {
        **head,
        "data": nulls + page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": lists.repeats or start + size < len(every),
    }


def operations_page(
    lists: Lists, rows: list[dict[str, Any]], after: str, limit: int, now: float
) -> dict[str, Any]:
    """The same for Gemini, where a batch is an operation and a page has a token: the id of the last batch before it."""
    flat = [{"id": row["name"], "created_at": row["metadata"]["createTime"], "row": row} for row in rows]
    page = distorted(lists, "gemini", flat, after, limit, now)
    shown = [entry if entry is None else _operation(entry) for entry in page["data"]]
    more = {"nextPageToken": page["last_id"]} if page.get("has_more") else {}
    return {"operations": shown, **more}


def _operation(entry: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in entry["row"]["metadata"].items() if name != "createTime"}
    made = {"createTime": entry["created_at"]} if "created_at" in entry else {}
    return {**entry["row"], "metadata": {**metadata, **made}}


def _timed(row: dict[str, Any], lists: Lists) -> dict[str, Any]:
    """The entry with its time in the scenario's spelling."""
    given = row["created_at"]
    at = (
        datetime.fromtimestamp(given, UTC)
        if isinstance(given, int | float)
        else datetime.fromisoformat(given)
    )
    match lists.created_at:
        case "float":
            return {**row, "created_at": at.timestamp()}
        case "iso":
            return {**row, "created_at": rfc3339(at.timestamp())}
        case "missing":
            return {name: value for name, value in row.items() if name != "created_at"}
        case _:
            return row


def _older(protocol: Protocol, number: int, now: float) -> dict[str, Any]:
    """A batch of another application, each a day older than the one before it."""
    created = now - (number + 1) * DAY
    if protocol == "openai":
        return {
            "id": f"batch_older{number}",
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": f"file-older{number}",
            "completion_window": "24h",
            "status": "completed",
            "created_at": unix(created),
            "request_counts": {"total": 999, "completed": 999, "failed": 0},
            "metadata": None,
        }
    if protocol == "gemini":
        name = f"batches/older{number}"
        metadata = {
            "name": name,
            "model": "models/gemini-3.5-flash-lite",
            "displayName": "of another application",
            "state": "BATCH_STATE_SUCCEEDED",
            "createTime": rfc3339(created),
            "batchStats": {"requestCount": "999", "successfulRequestCount": "999"},
        }
        row = {"name": name, "metadata": metadata, "done": True}
        return {"id": name, "created_at": metadata["createTime"], "row": row}
    counts = dict.fromkeys(("processing", "errored", "canceled", "expired"), 0)
    return {
        "id": f"msgbatch_older{number}",
        "type": "message_batch",
        "processing_status": "ended",
        "request_counts": {**counts, "succeeded": 999},
        "created_at": rfc3339(created),
        "expires_at": rfc3339(created + DAY),
        "ended_at": rfc3339(created + 60),
        "cancel_initiated_at": None,
        "archived_at": None,
        "results_url": None,
    }

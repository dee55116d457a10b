"""The opening lines of a report, smoothed from the sentences in the prompt or made from its numbers, and nothing else."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from llm_assets.emulator.rules.case import Case

SUMMARY_PARTS = frozenset({"summary", "highlights", "points", "bullets"})


def summary(case: Case) -> dict[str, Any]:
    """`summary` in English sentences; the other parts list the same sentences."""
    given = [line.strip() for line in (case.tag_text("sentences") or "").splitlines() if line.strip()]
    said = list(_joined(given)) or _from_numbers(case)
    points = said[1:] or said
    return {"summary": " ".join(said), "highlights": points, "points": points, "bullets": points}


def _joined(sentences: Sequence[str]) -> Iterator[str]:
    """Two sentences in a row that begin with a number become one."""
    waiting = ""
    for sentence in sentences:
        if waiting[:1].isdigit() and sentence[:1].isdigit():
            yield f"{waiting.removesuffix('.')}; {sentence}"
            waiting = ""
            continue
        if waiting:
            yield waiting
        waiting = sentence
    if waiting:
        yield waiting


def _from_numbers(case: Case) -> list[str]:
    """Sentences for a prompt that has the numbers alone."""
    try:
        numbers = json.loads(case.tag_text("numbers") or "{}")
    except ValueError:
        numbers = {}
    sentences = list(filter(None, _sentences(numbers if isinstance(numbers, dict) else {})))
    first = case.text.strip().partition("\n")[0][:200]
    return sentences or [first or "There is nothing unusual to report."]


def _sentences(numbers: dict[str, Any]) -> list[str]:
    totals = numbers.get("totals")
    counts = _counts(totals if isinstance(totals, dict) else numbers)
    return [
        _arrived(counts),
        _queues(numbers.get("queues")),
        _waiting(counts),
        _missing(numbers.get("missing")),
    ]


def _counts(source: dict[str, Any]) -> dict[str, int | float]:
    return {
        key: value
        for key, value in source.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _arrived(counts: dict[str, int | float]) -> str:
    if "received" in counts and "documents" in counts:
        return f"{counts['received']} messages came in and make {counts['documents']} cases."
    for key in ("received", "documents"):
        if key in counts:
            return f"{counts[key]} {'messages came in' if key == 'received' else 'cases were read'}."
    return "; ".join(f"{key.replace('_', ' ')}: {value}" for key, value in list(counts.items())[:4])


def _queues(queues: Any) -> str:
    """The largest category of the largest queue, as the numbers name them."""
    if not isinstance(queues, dict) or not queues:
        return ""
    sized = [
        (queue.get("documents", 0), name, queue.get("by_category") or {})
        for name, queue in queues.items()
        if isinstance(queue, dict)
    ]
    if not sized:
        return ""
    documents, name, categories = max(sized, key=lambda row: (row[0], row[1]))
    text = f"Most cases, {documents}, belong to {name}"
    if categories:
        top = max(categories, key=lambda key: (categories[key], key))
        text += f", where {top.replace('_', ' ')} leads with {categories[top]}"
    return text + "."


def _waiting(counts: dict[str, int | float]) -> str:
    parts = []
    if counts.get("drafts_ready"):
        parts.append(f"{counts['drafts_ready']} drafts are ready")
    if counts.get("review"):
        parts.append(f"{counts['review']} cases wait for a person")
    if counts.get("dead"):
        parts.append(f"{counts['dead']} failed for good")
    parts.append(
        f"{counts['open']} are open" if counts.get("open") else "nothing is open" if "open" in counts else ""
    )
    text = ", ".join(filter(None, parts))
    return text[:1].upper() + text[1:] + "." if text else ""


def _missing(missing: Any) -> str:
    return "Some of the night is missing and named below." if isinstance(missing, list) and missing else ""

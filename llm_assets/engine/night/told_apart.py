"""Told apart: rows of different registers that have one number, before they are registered.

A number belongs to the record that was registered under it first. A row of another file with that number that is another
record is registered under its number and its file, from then on always. A file that is delivered again under its name
keeps its rows' places, whatever they say now; where it gives a number to another customer, that row is known by its content.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Received
from llm_assets.domain.sources.versions import History, Version
from llm_assets.engine.chunks import chunks
from llm_assets.engine.ports.raw_store import RawStore
from llm_assets.engine.ports.register import Register
from llm_assets.intake.records.numbering import (
    Face,
    are_of_other_people,
    are_two_records,
    by_content,
    face_of,
    may_count_rows,
    of_file,
)
from llm_assets.intake.sources import RawItem


class _Holder(NamedTuple):
    file: str
    face: Face


def told_apart(items: Iterable[RawItem], register: Register, raw: RawStore) -> Iterator[RawItem]:
    """The items, those with a number that another file's record holds under a place of their own."""
    here: dict[tuple[str, str], _Holder] = {}
    for chunk in chunks(items, size=200):
        counted = [item for item in chunk if _is_counted(item)]
        history = register.history(_looked_up(counted)) if counted else {}
        for item in chunk:
            yield _placed(item, history, here, raw) if _is_counted(item) else item


def _is_counted(item: RawItem) -> bool:
    return item.file is not None and may_count_rows(item.place)


def _looked_up(items: Sequence[RawItem]) -> list[Received]:
    """What the register is asked for: the number alone, and the number with its file."""
    found = (
        Received(item.source, place, item.arrived_at.date(), "", item.kind, item.arrived_at)
        for item in items
        for place in (item.place, _own_place(item))
    )
    return list(found)


def _own_place(item: RawItem) -> str:
    return f"{item.place}@{item.file}"


def _placed(item: RawItem, history: History, here: dict[tuple[str, str], _Holder], raw: RawStore) -> RawItem:
    key, file = (item.source, item.place), item.file or ""
    if (item.source, _own_place(item)) in history:
        return _moved(item)
    versions = history.get(key, ())
    sha = digest_bytes(item.data)
    if any(v.raw_sha256 == sha for v in versions):
        return item
    holder = here.get(key) or _registered(versions, raw)
    if holder is None:
        here[key] = _Holder(file, face_of(item.data))
        return item
    face = face_of(item.data)
    if holder.file == file or any(v.file == file for v in versions):
        return _renumbered(item) if are_of_other_people(holder.face, face) else item
    return _moved(item) if are_two_records(holder.face, face) else item


def _registered(versions: Sequence[Version], raw: RawStore) -> _Holder | None:
    if not versions or versions[-1].deleted or not raw.has(versions[-1].raw_sha256):
        return None
    return _Holder(versions[-1].file, face_of(raw.get(versions[-1].raw_sha256)))


def _moved(item: RawItem) -> RawItem:
    drop = of_file(item.data, item.place, item.file or "")
    return replace(item, place=drop.place, content=drop.data)


def _renumbered(item: RawItem) -> RawItem:
    """Of a file that gives its numbers to other rows each time."""
    drop = by_content(item.data, "form" if item.kind == "form" else "crm")
    return replace(item, place=drop.place, content=drop.data)

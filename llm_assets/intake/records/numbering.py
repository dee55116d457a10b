"""Numbering: whether two rows with one number are one record. Exports that count their rows from 1 share their ids, and a
row of one is no version of a row of another. Decides; what is registered is known elsewhere.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from llm_assets.domain.digest import digest
from llm_assets.intake.records.entry import Drop, Entry
from llm_assets.intake.records.mapping import DropKind

_ROW_NUMBER = re.compile(r"(?:crm|form):\d{1,6}")
_WORDS = 60
"""Words of a text that are compared."""


class Face(NamedTuple):
    """What a record is known by beside its number."""

    people: frozenset[str]
    """Address, phone number and name of the customer."""
    written: datetime | None
    words: frozenset[str]


def may_count_rows(place: str) -> bool:
    """Whether the id is a short number, as the numbers of rows are. Other ids are a system's own."""
    return _ROW_NUMBER.fullmatch(place) is not None


def face_of(data: bytes) -> Face:
    """Of a stored entry."""
    entry = Entry.model_validate_json(data)
    phone = re.sub(r"\D", "", entry.phone)[-10:]
    name = " ".join(sorted(re.findall(r"\w+", entry.sender_name.casefold())))
    people = frozenset(value for value in (entry.sender_email.casefold(), phone, name) if value)
    words = re.findall(r"\w+", f"{entry.subject} {entry.text[:1000]}".casefold())
    return Face(people, entry.created_at, frozenset(words[:_WORDS]))


def are_two_records(known: Face, found: Face) -> bool:
    """Whether other people wrote them; where nobody is named, whether they say other things at other times."""
    if known.people and found.people:
        return known.people.isdisjoint(found.people)
    if (
        known.written is not None
        and known.written == found.written
        and found.written.time().isoformat() != "00:00:00"
    ):
        return False
    least = min(len(known.words), len(found.words))
    return 2 * len(known.words & found.words) < least


def of_file(data: bytes, place: str, file: str) -> Drop:
    """The row under an id that names its file too."""
    entry = Entry.model_validate_json(data)
    return Drop(f"{place}@{file}", entry.kind, entry.model_copy(update={"id": f"{entry.id}@{file}"}).stored())


def by_content(data: bytes, kind: DropKind) -> Drop:
    """The row under an id made of what it says, as a row without a number has."""
    entry = Entry.model_validate_json(data).model_copy(update={"id": ""})
    identifier = digest(["row", entry.model_dump(mode="json")])
    return Drop(f"{kind}:{identifier}", kind, entry.model_copy(update={"id": identifier}).stored())


def newest_of_each(drops: Iterable[Drop]) -> list[Drop]:
    """The last row of each record of a file is the current one. Rows of other people with the number of a row above are
    records of their own: the numbering began again."""
    newest: dict[str, Drop] = {}
    again: dict[str, list[Face]] = {}
    for drop in drops:
        known = newest.get(drop.place)
        if known is None or known.data == drop.data or not may_count_rows(drop.place):
            newest[drop.place] = drop
            continue
        faces = again.setdefault(drop.place, [face_of(known.data)])
        face = face_of(drop.data)
        number = next((n for n, one in enumerate(faces) if not are_of_other_people(one, face)), len(faces))
        if number == len(faces):
            faces.append(face)
        place = drop.place if number == 0 else f"{drop.place}#{number + 1}"
        newest[place] = drop if number == 0 else _again(drop, place)
    return list(newest.values())


def are_of_other_people(one: Face, other: Face) -> bool:
    """Whether both name somebody, and nobody in common."""
    return bool(one.people and other.people) and one.people.isdisjoint(other.people)


def _again(drop: Drop, place: str) -> Drop:
    entry = Entry.model_validate_json(drop.data)
    return Drop(place, drop.kind, entry.model_copy(update={"id": place.partition(":")[2]}).stored())

"""The XML of office files as a stream of starts, ends and texts: never a tree, however large or deep it is.

Document types are refused: no office program writes one, and they are how a small file becomes a large one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, NamedTuple
from xml.parsers import expat

MAX_EVENTS = 3_000_000
"""Starts, ends and texts of one file that are looked at, some four seconds' worth."""
MAX_TEXT = 2_000_000
_CHUNK = 65_536


class Event(NamedTuple):
    kind: str
    """`start`, `end` or `text`."""
    space: str
    name: str
    """Of the element without its namespace; the characters of a text."""
    attributes: Mapping[str, str]


class RefusedError(ValueError):
    """The file is no XML, or declares a document type."""


@dataclass
class Sink:
    """Text as it is found, up to a limit."""

    parts: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.size += len(text)

    @property
    def full(self) -> bool:
        return self.size > MAX_TEXT

    def end_cell(self) -> None:
        """A table cell ends with a tab instead of the line ends of its paragraphs."""
        while self.parts and self.parts[-1] in ("\n", ""):
            self.parts.pop()
        self.add("\t")


def events(stream: IO[bytes], *, most: int = MAX_EVENTS) -> Iterator[Event]:
    """Everything in the file, in order, about `most` at most. Raises RefusedError where it stops being XML."""
    found: list[Event] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, attributes: found.append(
        Event("start", *_split(name), {_split(key)[1]: value for key, value in attributes.items()})
    )
    parser.EndElementHandler = lambda name: found.append(Event("end", *_split(name), {}))
    parser.CharacterDataHandler = lambda text: found.append(Event("text", "", text, {}))
    parser.StartDoctypeDeclHandler = _refuse
    left = most
    while left > 0:
        chunk = stream.read(_CHUNK)
        try:
            parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            yield from found
            raise RefusedError(f"no XML from line {error.lineno} on") from error
        except LookupError as error:
            raise RefusedError("it names a charset that nobody knows") from error
        yield from found
        left -= len(found)
        found.clear()
        if not chunk:
            return


def _split(name: str) -> tuple[str, str]:
    space, _, local = name.rpartition(" ")
    return space, local


def _refuse(*_: object) -> None:
    raise RefusedError("a document type is declared")

"""A part of a Word document to text: what a reader sees, with its changes accepted and its form fields filled in.

Elements are known by their local names: the strict variant of the format and the XML of Word 2003 have other namespaces.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from llm_assets.intake.bytes.markup import Event, Sink
from llm_assets.intake.files.office.symbols import EMPTY_BOXES, TICKED, readable, symbol_of

_CHANGES = frozenset({"del", "moveFrom", "moveTo", "Fallback", "annotation"})
"""Deleted, moved elsewhere, moved here, the second rendering of a text box for old programs, and a change of Word 2003."""
_DELETED = ("Word.Deletion", "Word.Formatting.Deletion")
"""Types of an annotation in the XML of Word 2003."""
_FORM_FIELD = frozenset({"fldChar", "checkBox", "default", "checked", "result", "listEntry"})
_CONTROL = frozenset({"sdt", "checkbox", "listItem", "dropDownList", "comboBox", "date"})
_STARTS = frozenset({"t", "tab", "ptab", "p", "pPr", "r", "rFonts", "sym"}) | _FORM_FIELD | _CONTROL
_ENDS = frozenset({"t", "pPr", "p", "br", "cr", "tr", "noBreakHyphen", "tc", "sdt"})
_MOST_PARTS = 50
"""Runs in which a control's text is looked for: one that holds more says something."""
_FALSE = ("0", "false", "off")


@dataclass(slots=True)
class _FormField:
    """A field of Word 97's forms, between its two braces."""

    ticked: bool | None = None
    """None: no check box."""
    entries: list[str] = field(default_factory=list)
    chosen: int | None = None
    preset: int = 0
    written: str = ""
    """What a field for text shows before somebody fills it in."""
    said: int = -1
    """How much text had been found when the field's result began."""

    def shown(self) -> str:
        if self.ticked is not None:
            return "☒" if self.ticked else "☐"
        if not self.entries:
            return self.written
        place = self.chosen if self.chosen is not None else self.preset
        return self.entries[place] if 0 <= place < len(self.entries) else ""


@dataclass(slots=True)
class _Control:
    """A content control, and what it would show where it holds no text."""

    start: int
    ticked: bool | None = None
    items: dict[str, str] = field(default_factory=dict)
    last: str = ""
    date: str = ""


@dataclass(slots=True)
class _Reader:
    sink: Sink
    gone: int = 0
    leaving: int = 0
    arriving: int = 0
    left: list[tuple[int, str]] = field(default_factory=list)
    """Moved words, and how much was read before them."""
    arrived: bool = False
    annotations: list[bool] = field(default_factory=list)
    in_text: bool = False
    font: str = ""
    paragraph_goes_on: bool = False
    """The mark at the end of the paragraph is deleted: the next one continues it."""
    in_mark: bool = False
    fields: list[_FormField] = field(default_factory=list)
    controls: list[_Control] = field(default_factory=list)


def fill_word(found: Iterator[Event], sink: Sink) -> None:
    reader = _Reader(sink)
    try:
        _read(reader, found)
    finally:  # the file may be cut
        if reader.left and not reader.arrived:
            _put_back(reader)


def _read(reader: _Reader, found: Iterator[Event]) -> None:
    sink = reader.sink
    for kind, _, name, attributes in found:
        if kind == "text":
            if reader.in_text and not reader.gone:
                _text(reader, readable(name, reader.font))
            if sink.full:
                return
        elif name in _CHANGES:
            _change(reader, kind, name, attributes)
        elif reader.gone or (reader.leaving and name != "t"):
            continue
        elif kind == "start":
            if name in _STARTS:
                _start(reader, name, attributes)
        elif name in _ENDS:
            _end(reader, name)


def _text(reader: _Reader, text: str) -> None:
    if reader.leaving:
        reader.left.append((len(reader.sink.parts), text))
        reader.sink.size += len(text)
    else:
        reader.arrived = reader.arrived or (reader.arriving > 0 and not text.isspace())
        reader.sink.add(text)


def _change(reader: _Reader, kind: str, name: str, attributes: Mapping[str, str]) -> None:
    step = 1 if kind == "start" else -1
    if name == "moveFrom":
        reader.leaving += step
    elif name == "moveTo":
        reader.arriving += step
    elif name == "annotation":
        if step > 0:
            reader.annotations.append(attributes.get("type", "") in _DELETED)
            reader.gone += reader.annotations[-1]
        elif reader.annotations:
            reader.gone -= reader.annotations.pop()
    else:
        reader.gone += step
        if name == "del" and reader.in_mark:
            reader.paragraph_goes_on = True


def _put_back(reader: _Reader) -> None:
    """Moved words at the place that they left: the place that they went to shows none."""
    whole: list[str] = []
    position = 0
    for place, text in reader.left:
        whole += [*reader.sink.parts[position:place], text]
        position = place
    reader.sink.parts[:] = [*whole, *reader.sink.parts[position:]]


def _start(reader: _Reader, name: str, attributes: Mapping[str, str]) -> None:
    match name:
        case "t":
            reader.in_text = True
        case "tab" | "ptab":
            if "val" not in attributes:
                reader.sink.add("\t")
        case "p":
            reader.in_mark = reader.paragraph_goes_on = False
        case "pPr":
            reader.in_mark = True
        case "r":
            reader.font = ""
        case "rFonts" if not reader.in_mark:
            reader.font = attributes.get("ascii", "") or attributes.get("hAnsi", "")
        case "sym":
            code = _number(attributes.get("char", ""), 16)
            reader.sink.add(symbol_of(code, attributes.get("font", "")))
        case _ if name in _FORM_FIELD:
            _form_field(reader, name, attributes)
        case _:
            _control(reader, name, attributes)


def _form_field(reader: _Reader, name: str, attributes: Mapping[str, str]) -> None:
    value = attributes.get("val", "")
    if name == "fldChar":
        kind = attributes.get("fldCharType", "")
        if kind == "begin":
            reader.fields.append(_FormField())
        elif reader.fields and kind == "separate":
            reader.fields[-1].said = reader.sink.size
        elif reader.fields and kind == "end":
            closed = reader.fields.pop()
            if closed.said < 0 or closed.said == reader.sink.size:
                reader.sink.add(closed.shown())
        return
    if name == "checked" and reader.controls and reader.controls[-1].ticked is not None:
        reader.controls[-1].ticked = value not in _FALSE
        return
    if not reader.fields:
        return
    here = reader.fields[-1]
    match name:
        case "checkBox":
            here.ticked = False
        case "default" | "checked" if here.ticked is not None:
            here.ticked = value not in _FALSE
        case "default":
            here.preset = _number(value, 10)
            here.written = value
        case "result":
            here.chosen = _number(value, 10)
        case "listEntry":
            here.entries.append(value)


def _control(reader: _Reader, name: str, attributes: Mapping[str, str]) -> None:
    if name == "sdt":
        reader.controls.append(_Control(len(reader.sink.parts)))
        return
    if not reader.controls:
        return
    here = reader.controls[-1]
    match name:
        case "checkbox":
            here.ticked = here.ticked or False
        case "listItem":
            here.items[attributes.get("value", "")] = attributes.get("displayText") or attributes.get(
                "value", ""
            )
        case "dropDownList" | "comboBox":
            here.last = attributes.get("lastValue", "")
        case "date":
            here.date = attributes.get("fullDate", "")[:10]


def _end(reader: _Reader, name: str) -> None:
    sink = reader.sink
    match name:
        case "t":
            reader.in_text = False
        case "pPr":
            reader.in_mark = False
        case "p":
            if not reader.paragraph_goes_on:
                sink.add("\n")
        case "br" | "cr" | "tr":
            sink.add("\n")
        case "noBreakHyphen":
            sink.add("-")
        case "tc":
            sink.end_cell()
        case "sdt" if reader.controls:
            _end_control(reader.controls.pop(), sink)


def _end_control(control: _Control, sink: Sink) -> None:
    """Adds what the control shows, before the end of its paragraph, where its own text does not say it."""
    if len(sink.parts) - control.start > _MOST_PARTS:
        return
    inside = "".join(sink.parts[control.start :]).strip()
    if control.ticked is not None:
        said = inside[:1] in TICKED or inside[:1] in EMPTY_BOXES
        shown = "" if said else "☒" if control.ticked else "☐"
    else:
        shown = "" if inside else control.items.get(control.last, control.last) or control.date
    if shown:
        sink.parts.insert(control.start, shown)
        sink.size += len(shown)


def _number(text: str, base: int) -> int:
    try:
        return int(text[:10], base)
    except ValueError:
        return 0

"""Content lines of calendars and contact cards (RFC 5545, RFC 6350, vCard 2.1): names, parameters and values.

Lenient: quotes that are left open, colons in values that should be quoted, quoted-printable of older programs. What the
properties mean is known in calendar and card.
"""

import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from llm_assets.intake.bytes import charset

MAX_LINES = 20_000
MAX_LINE = 100_000
_FOLD = re.compile(r"\n[ \t]")
_ESCAPE = re.compile(r"\\[nN,;:\\]")
_CARET = {"^n": "\n", "^^": "^", "^'": '"'}
"""RFC 6868."""
_MOMENT = re.compile(r":(\d{8}(?:T\d{6}Z?)?(?:[/,][\w/,-]{1,2000})?)\s*$")


@dataclass(frozen=True, slots=True)
class ContentLine:
    name: str
    """In capitals, without its group."""
    value: str
    group: str = ""
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By name in capitals. Those of vCard 2.1 that are only named are values of TYPE."""

    def parameter(self, name: str) -> str:
        return ",".join(self.parameters.get(name, ()))


def content_lines(source: str) -> Iterator[ContentLine]:
    """The lines of a file, unfolded and decoded, still with their escapes; what is no content line is left out."""
    unfolded = _FOLD.sub("", source.replace("\r\n", "\n").replace("\r", "\n"))
    lines = iter(unfolded.split("\n", MAX_LINES)[:MAX_LINES])
    for line in lines:
        found = _parsed(line[:MAX_LINE])
        if found is None:
            continue
        if "QUOTED-PRINTABLE" in (*found.parameters.get("ENCODING", ()), *found.parameters.get("TYPE", ())):
            value = found.value
            while value.endswith("=") and len(value) < MAX_LINE:
                value = value[:-1] + next(lines, "")
            found = ContentLine(
                found.name, _printable(value.replace("==", "="), found), found.group, found.parameters
            )
        yield found


def unescaped(value: str) -> str:
    return _ESCAPE.sub(
        lambda match: "\n" if match.group() in ("\\n", "\\N") else match.group()[1], value
    ).strip()


def _printable(value: str, line: ContentLine) -> str:
    raw = quopri.decodestring(value.encode("utf-8", "replace"))
    return (
        charset.decode(raw, line.parameter("CHARSET") or None).text.replace("\r\n", "\n").replace("\r", "\n")
    )


def _parsed(line: str) -> ContentLine | None:
    parts, value = _split(line)
    if value is None or not parts[0].strip():
        return None
    group, _, name = parts[0].strip().rpartition(".")
    parameters: dict[str, tuple[str, ...]] = {}
    for part in parts[1:]:
        key, sign, written = part.partition("=")
        key, written = (key.strip().upper(), written) if sign else ("TYPE", key)
        if key == "ENCODING" or not sign:
            written = written.upper()
        values = tuple(_bare(v) for v in re.findall(r'"[^"]*"?|[^",]+', written))
        parameters[key] = (*parameters.get(key, ()), *values)
    return ContentLine(name.upper(), value, group, parameters)


def _bare(value: str) -> str:
    return re.sub(r"\^[n^']", lambda match: _CARET[match.group()], value.strip().strip('"').strip())


def _split(line: str) -> tuple[list[str], str | None]:
    """Name and parameters, and the value after the first colon that is in no quotes.

    Programs write `TZID=(UTC+05:00) Astana:20261124T110000` and `CN=Call: Anna:mailto:a@b` too: where the end of the line
    is a moment or an address, the value is that.
    """
    end = _colon(line)
    if end < 0:
        return [line], None
    head, value = line[:end], line[end + 1 :]
    if ";" in head and not value[:8].isdigit():
        moment = _MOMENT.search(value)
        address = value.lower().rfind(":mailto:")
        at = moment.start() if moment is not None and head[:2].upper() in ("DT", "DU", "RE") else address
        if at >= 0 and value[:7].lower() != "mailto:":
            head, value = f"{head}:{value[:at]}", value[at + 1 :]
    return _pieces(head), value


def _colon(line: str) -> int:
    if '"' not in line:
        return line.find(":")
    quoted = False
    for place, char in enumerate(line):
        if char == '"':
            quoted = not quoted
        elif char == ":" and not quoted:
            return place
    return line.find(":")


def _pieces(head: str) -> list[str]:
    if '"' not in head:
        return head.split(";")
    return [part for part in re.findall(r'(?:[^";]|"[^"]*(?:"|$))+', head) if part] or [head]

"""Contact cards (vCard 2.1, 3.0 and 4.0; RFC 6350) as lines a person can read, without pictures, sounds and keys."""

import re
from collections.abc import Mapping

from llm_assets.intake.text.content_lines import ContentLine, content_lines, unescaped

MAX_LINES = 2_000
_LABELS = {
    "FN": "Name", "NICKNAME": "Nickname", "ORG": "Organization", "TITLE": "Title", "ROLE": "Role", "TEL": "Phone",
    "EMAIL": "Mail", "ADR": "Address", "LABEL": "Address", "URL": "URL", "IMPP": "Messenger", "BDAY": "Birthday",
    "NOTE": "Note", "CATEGORIES": "Categories", "X-SOCIALPROFILE": "Profile", "X-SKYPE": "Messenger",
}  # fmt: skip
_SAID_OF = ("TEL", "EMAIL", "ADR", "URL")
"""Properties whose type tells one from another: work, home, cell, fax."""
_SILENT = {"internet", "voice", "pref", "x400", "msg", "text", "quoted-printable", "8bit", "7bit"}
_COMPONENT = re.compile(r"(?<!\\);")
_APPLE_LABEL = re.compile(r"^_\$!<(.*)>!\$_$")


def is_card(text: str) -> bool:
    return text[:200].lstrip().upper().startswith("BEGIN:VCARD")


def to_text(source: str) -> str:
    """`Name: value` lines, each card after an empty line."""
    out: list[str] = []
    card: list[ContentLine] = []
    for line in content_lines(source):
        if line.name in ("BEGIN", "END"):
            out += _card(card)
            card = []
        else:
            card.append(line)
        if len(out) >= MAX_LINES:
            break
    return "\n".join((out + _card(card))[:MAX_LINES]).strip()


def _card(lines: list[ContentLine]) -> list[str]:
    named = any(line.name == "FN" and line.value.strip() for line in lines)
    labels = {line.group: unescaped(line.value) for line in lines if line.name == "X-ABLABEL" and line.group}
    out = []
    for line in lines:
        if line.name == "N" and not named:
            out.append(f"Name: {_full_name(line.value)}")
        elif line.name in _LABELS and not _is_data(line) and (value := _value(line)):
            out.append(f"{_label(line, labels)}: {value}")
    shown = list(dict.fromkeys(line for line in out if line.strip() != "Name:"))
    return [*shown, ""] if shown else []


def _is_data(line: ContentLine) -> bool:
    """Bytes in letters, where a text belongs."""
    coded = {v.upper() for v in (*line.parameters.get("ENCODING", ()), *line.parameters.get("TYPE", ()))}
    return bool(coded & {"B", "BASE64"}) or line.value[:5].lower() == "data:"


def _label(line: ContentLine, labels: Mapping[str, str]) -> str:
    label = _LABELS[line.name]
    if line.name not in _SAID_OF:
        return label
    types = [t.strip().lower() for value in line.parameters.get("TYPE", ()) for t in value.split(",")]
    said = [t for t in dict.fromkeys(types) if t and t not in _SILENT]
    custom = _APPLE_LABEL.sub(r"\1", labels.get(line.group, "")) if line.group else ""
    said += [custom.lower()] if custom and custom.lower() not in said else []
    return f"{label} ({', '.join(said)})" if said else label


def _value(line: ContentLine) -> str:
    if line.name in ("ORG", "ADR"):
        parts = (unescaped(part).replace("\n", ", ") for part in _COMPONENT.split(line.value))
        return ", ".join(part for part in parts if part)
    value = unescaped(line.value)
    if line.name in ("TEL", "EMAIL"):
        value = re.sub(r"^(?:tel|mailto):", "", value, flags=re.I)
    return value


def _full_name(value: str) -> str:
    """Prefix, given, further and family name, suffix, from family;given;further;prefix;suffix."""
    family, given, further, prefix, suffix = ([*map(unescaped, _COMPONENT.split(value)), *[""] * 5])[:5]
    return " ".join(part for part in (prefix, given, further, family, suffix) if part)

"""Calendar entries (iCalendar, RFC 5545) as lines a person can read. Times keep the zone they are written with."""

from llm_assets.intake.text.content_lines import ContentLine, content_lines, unescaped

MAX_LINES = 2_000
_SHOWN = {
    "SUMMARY", "DESCRIPTION", "LOCATION", "DTSTART", "DTEND", "DUE", "DURATION", "STATUS", "METHOD", "ORGANIZER", "ATTENDEE",
    "RRULE", "COMMENT", "URL", "RECURRENCE-ID",
}  # fmt: skip
_PEOPLE = ("ORGANIZER", "ATTENDEE")
_UNANSWERED = ("", "NEEDS-ACTION")
_HIDDEN = ("VALARM", "VTIMEZONE")


def is_calendar(text: str) -> bool:
    return text[:200].lstrip().upper().startswith("BEGIN:VCALENDAR")


def to_text(source: str) -> str:
    """`NAME: value` lines of what people read, with an empty line between entries, without alarms and time zones.

    An attendee is followed by the answer: ACCEPTED, DECLINED, TENTATIVE, DELEGATED.
    """
    out: list[str] = []
    hidden = 0
    for line in content_lines(source):
        if line.name in ("BEGIN", "END") and line.value.strip().upper() in _HIDDEN:
            hidden += 1 if line.name == "BEGIN" else -1
        elif line.name == "END" and out and out[-1]:
            out.append("")
        elif line.name in _SHOWN and line.value.strip() and hidden <= 0:
            out.append(f"{line.name}: {_value(line)}")
        if len(out) >= MAX_LINES:
            break
    return "\n".join(out).strip()


def _value(line: ContentLine) -> str:
    plain = unescaped(line.value)
    if line.name not in _PEOPLE:
        zone = line.parameter("TZID")
        return f"{plain} {zone}" if zone else plain
    if plain[:7].lower() == "mailto:":
        plain = plain[7:]
    name, answer = line.parameter("CN"), line.parameter("PARTSTAT").upper()
    who = f"{name} <{plain}>" if name else plain
    return who if answer in _UNANSWERED else f"{who} {answer}"

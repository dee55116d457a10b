"""Calendar entries (iCalendar, RFC 5545) as lines a person can read. Time zones are left as they are written."""

import re

MAX_LINES = 2_000
_SHOWN = {
    "SUMMARY", "DESCRIPTION", "LOCATION", "DTSTART", "DTEND", "DUE", "DURATION", "STATUS", "METHOD", "ORGANIZER", "ATTENDEE",
    "RRULE", "COMMENT", "URL",
}  # fmt: skip
_ESCAPED = {"\\n": "\n", "\\N": "\n", "\\,": ",", "\\;": ";", "\\\\": "\\"}


def is_calendar(text: str) -> bool:
    return text[:200].lstrip().upper().startswith("BEGIN:VCALENDAR")


def to_text(source: str) -> str:
    """`NAME: value` lines of what people read, with an empty line between entries, without alarms and time zones."""
    unfolded = re.sub(r"\n[ \t]", "", source.replace("\r\n", "\n"))
    out: list[str] = []
    hidden = 0
    for line in unfolded.split("\n")[: MAX_LINES * 10]:
        head, _, value = line.partition(":")
        name, _, parameters = head.partition(";")
        upper = name.strip().upper()
        if upper in ("BEGIN", "END") and value.strip().upper() in ("VALARM", "VTIMEZONE"):
            hidden += 1 if upper == "BEGIN" else -1
        elif upper == "END" and out and out[-1]:
            out.append("")
        elif upper in _SHOWN and value.strip() and hidden <= 0:
            out.append(f"{upper}: {_value(value, parameters)}")
        if len(out) >= MAX_LINES:
            break
    return "\n".join(out).strip()


def _value(value: str, parameters: str) -> str:
    plain = re.sub(r"\\[nN,;\\]", lambda m: _ESCAPED[m.group()], value).strip()
    named = re.search(r'(?:^|;)CN="?([^";]{1,200})', parameters, re.I)
    zone = re.search(r"(?:^|;)TZID=([^;]{1,60})", parameters, re.I)
    plain = re.sub(r"^mailto:", "", plain, flags=re.I)
    if named is not None:
        return f"{named.group(1)} <{plain}>"
    return f"{plain} {zone.group(1)}" if zone is not None else plain

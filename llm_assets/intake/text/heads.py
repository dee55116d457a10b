"""What introduces an earlier mail in a text: a title between dashes, a line like `date, name wrote:`, a block of headers.

Says how certain that is. Whether the text is cut there, `quotes` decides with what the mail's header says.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from llm_assets.intake.text.envelope import Envelope
from llm_assets.intake.words import ByLanguage, WordFile, load_words

MAX_ATTRIBUTION = 320
"""Characters of the line (or joined lines) that introduces a quotation."""
MAX_MARK = 400
"""Characters of a line that announces an earlier mail; longer ones are text."""
MAX_BLANK = 30
"""Lines without words between such a line and what it announces."""


class _HeadWords(WordFile):
    verbs: ByLanguage
    verb_endings: ByLanguage
    before_verbs: ByLanguage
    told: ByLanguage
    by: ByLanguage
    openings: ByLanguage
    originals: ByLanguage
    forwards: ByLanguage
    forward_lines: ByLanguage
    sender_headers: ByLanguage
    sent_headers: ByLanguage
    date_headers: ByLanguage
    to_headers: ByLanguage
    subject_headers: ByLanguage
    other_headers: ByLanguage
    form_labels: ByLanguage
    reply_subjects: ByLanguage


_WORDS = load_words(Path(__file__).with_name("heads.yaml"), _HeadWords)
_VERB = re.compile(rf"(?<!\w){_WORDS.verbs.literal()}{_WORDS.verb_endings.literal()}?(?!\w)", re.I)
_BEFORE_VERBS = frozenset(_WORDS.before_verbs.of())
_TOLD = re.compile(rf"(?<![\w-]){_WORDS.told.literal()}(?![\w-])")
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.]\d{2}(?![\d.]\d)")
_SECONDS = re.compile(r"(?<!\d)\d{1,2}:\d{2}:\d{2}(?!\d)")
_DATE = re.compile(
    r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|(?:19|20)\d\d)(?!\d)"
)
_DIGITS = re.compile(r"\d\d")
"""In every time and date. Most lines have no such digits, and this is searched for far faster than the patterns above."""
_MAILBOX = re.compile(r"[\w.+=-]{1,80}@[\w.-]{1,80}")
_ANGLE_MAILBOX = re.compile(r"[<(\[]\s*(?:mailto:)?[\w.+=-]{1,80}@[\w.-]{1,80}")
_LAST_MAILBOX = re.compile(
    rf"<(?:mailto:)?([\w.+=-]{{1,80}}@[\w.-]{{1,80}})>\s?,?(?:\s(?:{_WORDS.before_verbs.literal()}\s)?"
    rf"{_WORDS.verbs.literal()}{_WORDS.verb_endings.literal()}?)?\s?[:：]$",
    re.I,
)
_BY = frozenset(_WORDS.by.of())
_BY_MAILBOX = re.compile(
    rf"(?<!\w){_WORDS.by.literal()}\s+(?:[^\s@]{{1,40}}\s+){{0,5}}[\w.+=-]{{1,80}}@[\w.-]{{1,80}}\s*:$", re.I
)
_OPENING = re.compile(rf"^(?:-{{2,}}\s*)?{_WORDS.openings.literal()}\s", re.I)
_DASHES = r"[\s>#]*+(?:\*?[-‐‑‒–—―−─━_=]{2,}+|(?<=#)-|\*{2,}+)[-‐‑‒–—―−─━_=*]*+\s*+"
_RULE = re.compile(r"[\s>]*+[-_=—―−─━*]{5,}+\s*+$")
_END = r"\s*[-‐‑‒–—―−─━_=*#]*\s*"
_ORIGINAL = re.compile(
    rf"{_DASHES}{_WORDS.originals.pattern()}{_END}(?:{_WORDS.sender_headers.literal()}\s?:.*)?$", re.I
)
_WROTE_TITLE = re.compile(rf"-{{4,}}+[^-].{{0,120}}?(?<!\w){_WORDS.verbs.literal()}\s?:?\s?-{{4,}}\s*$", re.I)
"""Notes: `-----Anna Kim/Bank wrote: -----`."""
_FORWARD = re.compile(
    rf"{_DASHES}{_WORDS.forwards.pattern()}{_END}:?\s*$|[\s>*]*+{_WORDS.forward_lines.pattern()}\s*:?\s*$",
    re.I,
)
_REPLY_SUBJECT = re.compile(rf"\s*{_WORDS.reply_subjects.pattern()}\s?(?:\[\d{{1,3}}\])?\s?:", re.I)
_FORM_LABEL = re.compile(rf"[\s*]*{_WORDS.form_labels.literal()}\s?[*:]", re.I)
_HEADERS = {
    name: kind
    for kind, names in (
        ("other", _WORDS.other_headers),
        ("subject", _WORDS.subject_headers),
        ("to", _WORDS.to_headers),
        ("date", _WORDS.date_headers),
        ("sent", _WORDS.sent_headers),
        ("from", _WORDS.sender_headers),
    )
    for name in names.of()
}


class Attribution(NamedTuple):
    """`end` is the line after an `On … wrote:`.

    certain: a date and an address in the form of a mail program. likely: a time and a name, or an address alone.
    weak: a date or a name that anybody may write. told: words of somebody who tells what was written.
    """

    end: int
    kind: Literal["certain", "likely", "weak", "told"]


class Block(NamedTuple):
    """Lines like `From: … Sent: … Subject: …`."""

    start: int
    end: int
    values: dict[str, str]
    """What the first header of each kind says; the kinds are from, sent, date, to, subject and other."""
    starred: bool
    """A mail program made its bold names into stars."""


def is_original_title(line: str) -> bool:
    return _ORIGINAL.match(line) is not None or _WROTE_TITLE.match(line) is not None


def is_rule(line: str) -> bool:
    return _RULE.match(line) is not None


def is_forward_title(line: str) -> bool:
    return _FORWARD.match(line) is not None


def answers_by_subject(subject: str) -> bool:
    """The subject begins like that of an answer: `Re:`."""
    return _REPLY_SUBJECT.match(subject) is not None


def mailboxes(text: str) -> frozenset[str]:
    return frozenset(box.lower() for box in _MAILBOX.findall(text))


def is_from_mailbox(line: str, boxes: frozenset[str]) -> bool:
    """Whether `date, time, name <address> wrote:` gives one of the mailboxes, in brackets right before its verb or colon."""
    if not boxes or not _is_dated(line) or _TIME.search(_DATE.sub("", line)) is None:
        return False
    found = _LAST_MAILBOX.search(line)
    return found is not None and found.group(1).lower() in boxes


def begins_earlier_mail(lines: Sequence[str], position: int) -> bool:
    """Whether a line has the form of what programs write above an earlier mail."""
    line = lines[position]
    if len(line) > MAX_MARK or not line.strip():
        return False
    if is_original_title(line) or is_forward_title(line):
        return True
    if header_kind(line) == "from":
        found = block(lines, position, least=3)
        return found is not None and ("sent" in found.values or "date" in found.values)
    head = attribution(lines, position) if line.rstrip().endswith((":", "-", ">")) else None
    return head is not None and head.kind in ("certain", "likely")


def next_words(lines: Sequence[str], position: int) -> int:
    """The next line that has more than white space and marks."""
    last = min(len(lines), position + MAX_BLANK)
    while position < last and not lines[position].strip(" \t>*"):
        position += 1
    return position


def block(lines: Sequence[str], position: int, *, least: int = 2, any_order: bool = False) -> Block | None:
    """The block of at least so many kinds of headers at the position; it begins with the sender, in `any_order` it only
    has one."""
    values: dict[str, str] = {}
    first, current, end, gap, starred = "", position, position, 0, False
    while current < len(lines) and current - position < 14:
        kind = header_kind(lines[current])
        if kind:
            first = first or kind
            values.setdefault(kind, lines[current].partition(":")[2].strip(" *\t"))
            starred = starred or lines[current].lstrip(" >\t").startswith("*")
            end, gap = current + 1, 0
        elif not values or gap or not _goes_on(lines, current, len(values)):
            break
        else:
            gap += 1
        current += 1
    if len(values) < least or not (first == "from" or (any_order and "from" in values)):
        return None
    return Block(position, end, values, starred)


def _goes_on(lines: Sequence[str], position: int, found: int) -> bool:
    """A line of a block that is no header is the rest of one, or it is empty because each was a paragraph of its own."""
    if lines[position].strip():
        return True
    return found < 2 or (position + 1 < len(lines) and bool(header_kind(lines[position + 1])))


def header_kind(line: str) -> str:
    """The kind of header that a line of a quoted head gives, e.g. `subject`; empty for any other line."""
    name, colon, _ = line[:60].lstrip(" >*|\t").partition(":")
    return _HEADERS.get(name.rstrip(" *\t").lower(), "") if colon else ""


def is_earlier_mail(lines: Sequence[str], found: Block, given: Envelope, *, separated: bool) -> bool:
    """Whether a block is the head of a mail that a program quoted; web forms, letters and travellers write such lines too.

    `separated`: a rule is right above it.
    """
    values = found.values
    stamp = values.get("sent") or values.get("date", "")
    if not values["from"] or not stamp or not ("sent" in values or _is_dated(stamp)):
        return False
    boxes, addressed = mailboxes(values["from"]), mailboxes(values.get("to", ""))
    known = bool(boxes & given.recipients or addressed & given.addresses)
    if not known and _is_written_by_hand(lines, found, given, boxes):
        return False
    full = "to" in values and "subject" in values
    if given.answers or known or found.starred or answers_by_subject(values.get("subject", "")):
        timed = "sent" in values or _TIME.search(stamp) is not None
        partly = ("to" in values or "subject" in values) and (bool(boxes) or known or "sent" in values)
        return (full and (timed or bool(boxes))) or partly
    return separated and full and ("sent" in values or _TIME.search(stamp) is not None)


def _is_written_by_hand(lines: Sequence[str], found: Block, given: Envelope, boxes: frozenset[str]) -> bool:
    """A form that labels its lines or frames them with rules, a letter that begins with its addressee, the sender's own head."""
    if found.start and header_kind(lines[found.start - 1]):
        return True
    below = lines[found.end : found.end + 4]
    if found.start and is_rule(lines[found.start - 1]) and any(map(is_rule, below[:2])):
        return True
    if "to" in found.values:
        return False
    return bool(boxes & given.addresses) or any(_FORM_LABEL.match(line) or is_rule(line) for line in below)


def _is_dated(text: str) -> bool:
    if _DIGITS.search(text) is None:
        return False
    return _DATE.search(text) is not None or _TIME.search(text) is not None


def attribution(lines: Sequence[str], position: int, *, marked: bool = False) -> Attribution | None:
    """An `On … wrote:`, which mail programs break over up to five lines; None when there is none.

    `marked`: each line has a `>` before it, because the program marked the line with the rest.
    """
    joined, address_at_end = "", None
    for count in range(5):
        if position + count >= len(lines):
            break
        line = lines[position + count].strip()
        if marked:
            line = line.lstrip("> \t")
        if not line:
            if count == 0 or not _OPENING.match(joined):
                break
            continue
        joined = f"{joined} {line.strip('*_ ')}".strip()
        if len(joined) > MAX_ATTRIBUTION:
            break
        kind = _introduces(joined)
        found = Attribution(_past_verb(lines, position + count + 1), kind) if kind is not None else None
        if address_at_end is not None or (found is not None and joined.endswith((":", "-", "："))):
            return found or address_at_end
        address_at_end = found
        if count == 0 and not (_OPENING.match(joined) or _is_dated(joined) or "<" in joined):
            break
    return address_at_end


def _past_verb(lines: Sequence[str], position: int) -> int:
    """Past a `> wrote:` that was broken off the line with the address."""
    following = next_words(lines, position)
    if following >= len(lines) or len(lines[following]) > 40:
        return position
    tail = lines[following].strip("> \t")
    return following + 1 if tail.endswith(":") and _VERB.fullmatch(tail[:-1].strip()) else position


def _introduces(line: str) -> Literal["certain", "likely", "weak", "told"] | None:
    """How a line reads as `date, name <address> wrote:` in one of its many forms."""
    if not line.endswith((":", "---", "：", ">", ")")):
        return None
    dated, boxed = _is_dated(line), bool(_ANGLE_MAILBOX.search(line))
    if line.endswith((">", ")")) and not boxed:
        return None
    addressed = boxed or _MAILBOX.search(line) is not None
    verb = _VERB.search(line) if line.endswith((":", "-", "：")) else None
    if verb is None:
        return _without_verb(line, dated, boxed)
    if not (dated or boxed or (_OPENING.match(line) and addressed)):
        return None
    if _is_told(line if boxed else line.lower()):
        return "told"
    if addressed:
        return "certain" if dated else "likely"
    if not _follows_name(line, verb):
        return "weak"
    if _SECONDS.search(line) and "/" in _DATE.sub(
        "", line[: verb.start()]
    ):  # Notes: `Anna Kim/Bank wrote on …`
        return "certain"
    return "likely" if _TIME.search(_DATE.sub("", line)) else "weak"


def _without_verb(line: str, dated: bool, boxed: bool) -> Literal["certain", "weak"] | None:
    timed = _TIME.search(_DATE.sub("", line)) is not None
    if dated and timed and _BY_MAILBOX.search(line):
        return "certain"
    if not (dated and boxed and re.match(r"[\w\"'«(-]", line) and len(line.split()) <= 25):
        return None
    if not timed or not line.endswith((":", "：")) or _is_told(line):
        return "weak"
    before = _TIME.split(_ANGLE_MAILBOX.split(line)[0])[-1].split()
    told = (w for w in before if w.islower() and w.isalpha() and len(w) > 3 and w not in _BY)
    return "weak" if any(told) else "certain"


def _is_told(line: str) -> bool:
    return _TOLD.search(_MAILBOX.sub("", line)) is not None


def _follows_name(line: str, verb: re.Match[str]) -> bool:
    """The word before the verb, or the one behind it, may be a name: it begins with a capital letter."""
    before = [w for w in re.findall(r"[^\W\d_][\w'’.-]*", line[: verb.start()]) if w not in _BEFORE_VERBS]
    behind = re.findall(r"[^\W\d_][\w'’.-]*", line[verb.end() :])
    return any(words and words[at][0].isupper() for words, at in ((before, -1), (behind, 0)))

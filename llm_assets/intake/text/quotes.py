"""What the sender of a mail newly wrote: earlier mail that is quoted below, above or between is cut away.

Cut is what a mail program introduced or marked; what only looks like that is kept and reported. A forwarded mail is
content when the forwarder adds nothing of their own. What introduces a mail: `heads`. Signatures: `signature`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from llm_assets.intake.text import devices, heads, signature
from llm_assets.intake.text.cuts import Place, Span, notes_of
from llm_assets.intake.text.envelope import NOTHING_KNOWN, Envelope
from llm_assets.intake.trace import Note
from llm_assets.intake.words import ByLanguage, WordFile, load_words

MAX_FORWARDS = 10
"""Mails forwarded inside each other that are separated."""
COVER_WORDS = 12
"""A forwarder's own text of at most so many words is a cover note: the forwarded mail is the content."""
GREETING_WORDS = 5
"""A sender who writes fewer only greets."""
MAX_ANSWERED = 400
"""Lines of a quoted mail that are searched for answers written into it."""


class _QuoteWords(WordFile):
    forward_ends: ByLanguage
    answers_inside: ByLanguage
    points_below: ByLanguage
    answer_labels: ByLanguage


_WORDS = load_words(Path(__file__).with_name("quotes.yaml"), _QuoteWords)
_QUOTED = re.compile(r"^\s{0,3}(?:>|&gt;)")
_BARRED = re.compile(r"^\s{0,3}[|│]")
_COMPARED = re.compile(r"^\s{0,3}>=?\s?[\d$€₸](?!\d?[.)]\s)")
"""A line that goes on with "more than": a number follows, and it numbers no list."""
_QUOTATION_MARKS = ("«", "“", "„", '"')
_FORWARD_END = re.compile(rf"[\s>]*+[-_=*]{{2,}}+\s*+{_WORDS.forward_ends.literal()}\b.{{0,60}}$", re.I)
_ANSWERS_INSIDE = re.compile(_WORDS.answers_inside.pattern(), re.I)
_POINTS_BELOW = re.compile(_WORDS.points_below.pattern(), re.I)
_ANSWER_LABEL = re.compile(
    rf"\s*(?:>>|[-=]{{1,3}}>|→|\*{{2,3}}\s?\w|{_WORDS.answer_labels.literal()}\s?[:–—-]\s)", re.I
)
_ANSWERED_AT_ONCE = re.compile(rf"\?\s{{1,3}}{_WORDS.answer_labels.literal()}\s?[:–—-]\s", re.I)


class Own(NamedTuple):
    text: str
    in_doubt: bool
    """Words were kept that may be an earlier mail or a signature."""


class _Mark(NamedTuple):
    """Where an earlier mail begins, where its introduction ends, and what kind of mail it is."""

    start: int
    end: int
    kind: str
    rule: str


def new_text(text: str, given: Envelope = NOTHING_KNOWN, place: Place | None = None) -> Own:
    """The sender's own words: without history and signature.

    The whole text when nothing else would remain, unless a telephone alone wrote what does.
    """
    lines = text.split("\n")
    walk = _Walk(lines, given)
    own = walk.own_lines()
    if devices.wrote_all(own):
        if place is not None:
            place.trace.add([Note("device line", "cut: a telephone alone wrote it", place.part)])
        return Own("", False)
    signed = signature.cut(own, sender=given.sender) if not walk.answered else signature.Signed(own, True)
    doubts = (walk.in_doubt or signed.in_doubt, walk.in_doubt, False)
    for candidate, in_doubt in zip((signed.kept, own, lines), doubts, strict=True):
        joined = _join(candidate)
        if joined:
            if place is not None:
                of_signature = _of_signature(walk, own, candidate, signed)
                place.trace.add(
                    notes_of(place, lines, [*walk.spans, *of_signature], whole=candidate is lines)
                )
            return Own(joined, in_doubt)
    return Own("", False)


def _of_signature(
    walk: "_Walk", own: list[str], chosen: Sequence[str], signed: signature.Signed
) -> Iterator[Span]:
    if walk.answered:
        return
    if chosen is own:
        yield Span("signature", "kept: no words would remain", 0, 0)
    numbers = walk.numbers()
    if chosen is signed.kept and signed.doubtful is not None:
        at = numbers[signed.doubtful]
        yield Span("signature", "kept: it gives what a desk asks for, or is not set off", at, at + 1, True)
    tail = [n for n in range(len(signed.kept), len(own)) if own[n].strip() and numbers[n] >= 0]
    if chosen is signed.kept and tail:
        form = signature.form_of(own[tail[0]], walk.given.sender)
        yield Span("signature", f"signature cut: {form}", numbers[tail[0]], numbers[tail[-1]] + 1)


def is_cover(own: Sequence[str]) -> bool:
    """Nothing, or a note like "FYI" or "please process" that only passes the mail on."""
    return sum(len(line.split()) for line in signature.cut(own, sender="").kept) <= COVER_WORDS


def _join(lines: Sequence[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip("\n ")


class _Walk:
    """One pass over a text, from the top to the point where only history follows."""

    def __init__(self, lines: list[str], given: Envelope, depth: int = 0) -> None:
        self.lines = lines
        self.given = given
        self.depth = depth
        self.out: list[str] = []
        self.said = False
        self.in_doubt = False
        self.quoting = given.answers
        """A mail program quotes in this text, so marked lines are its quotations."""
        self.answered = False
        """The quoted mail is kept, because answers are written into it."""
        self.spans: list[Span] = []
        """What was cut, or kept in doubt."""
        self.forwarded: tuple[int, _Walk] | None = None
        """The walk over a mail that is passed on, and the line at which it begins."""

    def numbers(self) -> list[int]:
        """Of each line of `own_lines` its place in the text; -1 for one that was added."""
        until = self.forwarded[0] if self.forwarded is not None else len(self.lines)
        cut = {n for span in self.spans if span.cut for n in range(span.start, min(span.end, until))}
        kept = [n for n in range(until) if n not in cut]
        if self.forwarded is None:
            return kept
        begins, walk = self.forwarded
        return [*kept, -1, *(begins + n for n in walk.numbers())]

    def own_lines(self) -> list[str]:
        position = 0
        while position < len(self.lines):
            mark = self._mark_at(position)
            if mark is None:
                position = self._content(position)
            elif mark.kind == "told":
                told = "kept: told in words, without the form of a mail program"
                position = self._keep(mark.start, self._past_marked(mark.end), in_doubt=(mark.rule, told))
            elif mark.kind == "quote":
                position = self._past_quote(mark)
            elif self._is_passed_on(mark):
                return self._with_forwarded(mark)
            elif self.said and (self.answered or not self._has_answers(mark)):
                self._cut(mark.rule, "quote cut", mark.start, len(self.lines))
                return self.out
            else:
                self._cut(mark.rule, "head of an earlier mail cut", mark.start, mark.end)
                position = mark.end
        return self.out

    def _mark_at(self, position: int) -> _Mark | None:
        line = self.lines[position]
        if len(line) > heads.MAX_MARK or not line.strip():
            return None
        if heads.is_forward_title(line):
            return _Mark(position, position + 1, "forward", "forward title")
        if heads.is_original_title(line):
            found = heads.block(
                self.lines, heads.next_words(self.lines, position + 1), least=1, any_order=True
            )
            end = found.end if found is not None else position + 1
            return _Mark(position, end, "history", "original title")
        if heads.is_rule(line):
            return self._below_rule(position)
        kind = heads.header_kind(line)
        if kind in ("from", "sent"):
            found = heads.block(self.lines, position, any_order=kind == "sent")
            if found is not None and heads.is_earlier_mail(self.lines, found, self.given, separated=False):
                return _Mark(position, found.end, "history", "header block")
            if found is not None and kind == "from" and not _QUOTED.match(line):
                self._doubt("header block", "kept: no evidence of an earlier mail", position, found.end)
        return self._attributed(position)

    def _below_rule(self, position: int) -> _Mark | None:
        following = heads.next_words(self.lines, position + 1)
        found = heads.block(self.lines, following, any_order=True) if following - position <= 3 else None
        if found is None or not heads.is_earlier_mail(self.lines, found, self.given, separated=True):
            return None
        return _Mark(position, found.end, "history", "head below a rule")

    def _attributed(self, position: int) -> _Mark | None:
        marked = _QUOTED.match(self.lines[position]) is not None
        found = heads.attribution(self.lines, position, marked=marked)
        if found is None or (marked and found.kind != "certain"):
            return None
        certain = found.kind == "certain" or self._names_recipient(position, found.end)
        if found.kind == "told" and not certain:
            return _Mark(position, found.end, "told", "attribution")
        following = heads.next_words(self.lines, found.end)
        below = self.lines[following] if following < len(self.lines) else ""
        if _marked(below):
            return _Mark(position, found.end, "quote", "attribution")
        if certain or (
            found.kind == "likely" and self.given.answers and not below.lstrip().startswith(_QUOTATION_MARKS)
        ):
            return _Mark(position, found.end, "history", "attribution")
        self._doubt("attribution", "kept: no evidence of an earlier mail", position, found.end)
        return None

    def _names_recipient(self, start: int, end: int) -> bool:
        """The line ends with the mailbox to which this mail goes, as a program writes it: with a time before it."""
        joined = " ".join(line.strip() for line in self.lines[start:end])
        return heads.is_from_mailbox(joined, self.given.recipients)

    def _content(self, position: int) -> int:
        """Past the line, or past the marked lines that begin with it, which count when nobody quotes by them."""
        if not _QUOTED.match(self.lines[position]):
            return self._keep(position, position + 1)
        end = position + 1
        while end < len(self.lines) and _QUOTED.match(self.lines[end]) and self._mark_at(end) is None:
            end += 1
        compared = end == position + 1 and self._is_compared(position)
        if not compared and (self.quoting or self._is_quoted(position)):
            self.quoting = True
            self._cut("marked lines", "quote cut", position, end)
            return end
        return self._keep(position, end, in_doubt=("marked lines", "kept: nobody quotes by such marks here"))

    def _is_quoted(self, position: int) -> bool:
        """Marks inside marks are made by programs only, and so is a head behind a mark."""
        found = heads.block(self.lines, position)
        if found is not None and heads.is_earlier_mail(self.lines, found, self.given, separated=True):
            return True
        return self._has_nested_marks

    @cached_property
    def _has_nested_marks(self) -> bool:
        marks = {min(line.replace(" ", "")[:2].count(">"), 2) for line in self.lines if _QUOTED.match(line)}
        return {1, 2} <= marks

    def _is_compared(self, position: int) -> bool:
        above = self.lines[position - 1] if position else ""
        return (
            bool(above.strip()) and not _marked(above) and _COMPARED.match(self.lines[position]) is not None
        )

    def _cut(self, rule: str, what: str, start: int, end: int) -> None:
        self.spans.append(Span(rule, what, start, end, cut=True))

    def _doubt(self, rule: str, what: str, start: int, end: int) -> None:
        self.in_doubt = True
        self.spans.append(Span(rule, what, start, end, doubtful=True))

    def _keep(self, start: int, end: int, *, in_doubt: tuple[str, str] | None = None) -> int:
        """`in_doubt` is the rule and what it did, where the lines may be somebody else's."""
        kept = self.lines[start:end]
        self.out.extend(kept)
        self.said = self.said or any(c.isalnum() for line in kept for c in line)
        if in_doubt is not None:
            self._doubt(*in_doubt, start, end)
        return end

    def _past_marked(self, position: int) -> int:
        """Past the marked lines and the blank ones before and among them."""
        last = position
        for current in range(position, len(self.lines)):
            if _marked(self.lines[current]):
                last = current + 1
            elif self.lines[current].strip():
                break
        return last

    def _past_quote(self, mark: _Mark) -> int:
        """Past the marked lines and the blank or wrapped ones among them."""
        self.quoting = True
        last = current = mark.end
        while current < len(self.lines):
            if _marked(self.lines[current]):
                last = current + 1
            elif self.lines[current].strip() and not (last == current and self._is_wrapped(current)):
                break
            current += 1
        inside = self._says_answers_are_inside() or self._answers_are_coloured()
        if inside and not any(line.strip() for line in self.lines[last:]):
            self._cut(mark.rule, "head of an earlier mail cut", mark.start, mark.end)
            self._keep(mark.end, last, in_doubt=("answers inside", "kept: answers are written into it"))
        else:
            self._cut(mark.rule, "quote cut", mark.start, last)
        return last

    def _is_wrapped(self, position: int) -> bool:
        """The tail of a quoted line that a mail server broke."""
        return (
            position + 1 < len(self.lines)
            and _marked(self.lines[position + 1])
            and len(self.lines[position].split()) <= 3
            and len(self.lines[position - 1]) >= 65
        )

    def _has_answers(self, mark: _Mark) -> bool:
        """Whether the sender wrote answers into the quoted mail, so that it cannot be told apart from them."""
        if (
            self._answers_are_coloured()
            or self._says_answers_are_inside()
            or self._answers_are_labelled(mark.end)
        ):
            self.answered = True
            self._doubt("answers inside", "kept: answers are written into it", mark.end, len(self.lines))
        return self.answered

    def _answers_are_coloured(self) -> bool:
        """One word in a colour may be the desk's own; beside a greeting only, it is the answer."""
        found = self.given.coloured_answers
        return found > 1 or (found == 1 and sum(len(line.split()) for line in self.out) < GREETING_WORDS)

    def _says_answers_are_inside(self) -> bool:
        own = "\n".join(line for line in self.out if len(line) <= heads.MAX_MARK)
        return bool(_ANSWERS_INSIDE.search(own) or (_POINTS_BELOW.search(own) and is_cover(self.out)))

    def _answers_are_labelled(self, position: int) -> bool:
        """By the sender's name or initials, as Outlook does, or by a word like "answer" under a question."""
        named = _named_labels(self.given.sender)
        above = ""
        for line in self.lines[position : position + MAX_ANSWERED]:
            if len(line) > heads.MAX_MARK:
                continue
            if named is not None and named.search(line):
                return True
            asked = above.endswith("?") and not _QUOTED.match(above)
            if (asked and _ANSWER_LABEL.match(line)) or ("?" in line and _ANSWERED_AT_ONCE.search(line)):
                return True
            above = line.rstrip() or above
        return False

    def _is_passed_on(self, mark: _Mark) -> bool:
        if self.depth >= MAX_FORWARDS or (self.said and not is_cover(self.out)):
            return False
        return mark.kind == "forward" or (self.given.forwarded and self._is_from_others(mark))

    def _is_from_others(self, mark: _Mark) -> bool:
        """The quoted mail names a sender, and it is none of the people this mail went to."""
        head = self.lines[mark.start : mark.end]
        named = next((line for line in head if heads.header_kind(line) == "from"), "")
        return bool(named) and not heads.mailboxes(named) & self.given.recipients

    def _with_forwarded(self, mark: _Mark) -> list[str]:
        rest = self.lines[mark.end :]
        after_head = _after_forward_head(rest)
        inner = [
            _FORWARD_END.sub("", line) if len(line) <= heads.MAX_MARK else line for line in rest[after_head:]
        ]
        if sum(1 for line in inner if _QUOTED.match(line)) * 2 > sum(1 for line in inner if line.strip()):
            inner = [re.sub(r"^\s{0,3}>\s?", "", line) for line in inner]
        walk = _Walk(inner, Envelope(answers=True), self.depth + 1)
        own = walk.own_lines()
        self.in_doubt = self.in_doubt or walk.in_doubt
        kept = signature.cut(self.out, sender="").kept
        if signed := self.numbers()[len(kept) : len(self.out)]:
            self._cut("signature", "signature of who passes it on cut", signed[0], signed[-1] + 1)
        begins = mark.end + after_head
        self._cut(mark.rule, "head cut: the mail that is passed on counts", mark.start, begins)
        self.spans += [span.moved(begins) for span in walk.spans]
        self.forwarded = (begins, walk)
        return [*kept, "", *own]


def _after_forward_head(rest: list[str]) -> int:
    """Past the forwarded mail's header lines or its `date, name <address>:` line."""
    position = 0
    while position < len(rest) and not rest[position].strip(" >"):
        position += 1
    found = heads.block(rest, position, least=1, any_order=True)
    if found is not None:
        return found.end
    attribution = heads.attribution(rest, position)
    return attribution.end if attribution is not None else position


def _named_labels(sender: str) -> re.Pattern[str] | None:
    """What Outlook writes before an answer, `[Anna Kim]`, and what people write, `AK:` or `Anna:` at a line's beginning."""
    words = [word for word in sender.split() if word[0].isalpha()]
    initials = "".join(word[0] for word in words)
    names = [" ".join(words), *words[:1], *([initials] if len(initials) > 1 else ())]
    either = "|".join(re.escape(name) for name in names if len(name) > 1)
    if not either:
        return None
    return re.compile(rf"[\[<]({either})[\]>]|(?:^\s*|\?\s+)({either})\s?(?::|>>?)\s", re.I)


def _marked(line: str) -> bool:
    return bool(_QUOTED.match(line) or _BARRED.match(line))

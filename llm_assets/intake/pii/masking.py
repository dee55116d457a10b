"""Masking: a case's text without personal data, and what each mask replaces. Other packages use this module and no other of this folder.

A pure function of the case: nothing is stored, because the same documents give the same masks when answers come
back. A mask like `[PHONE_1]` is numbered by first appearance, oldest message first; an update that joins the case
later adds numbers behind the earlier ones and changes none.

What a customer writes in the form of a mask is escaped: `[PHONE_1]` is sent as `[PHONE_1_]`, so an answer that
repeats it gets the customer's own words back and nobody's number. Values never hold brackets and those escapes come
last in `originals`, so replacing mask after mask in that order is exact.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from llm_assets.domain.desk.prompt import render_case
from llm_assets.domain.mail.document import Case
from llm_assets.intake.pii import addresses as pii_addresses
from llm_assets.intake.pii import context as pii_context
from llm_assets.intake.pii import names as pii_names
from llm_assets.intake.pii import numbers as pii_numbers
from llm_assets.intake.pii import online as pii_online
from llm_assets.intake.pii import people as pii_people
from llm_assets.intake.pii.bare import bare_names as names_alone
from llm_assets.intake.pii.file_names import names_in_file_name
from llm_assets.intake.pii.span import Kind, Span, joined
from llm_assets.intake.pii.tables import tables

_KINDS = "|".join(Kind)
_LOOKS_LIKE_MASK = re.compile(rf"\[(?:{_KINDS})_\d+(_*)\]")
_MARKUP = re.compile(
    r"</?(?:case|subject|text|message|attachment)>"
    r'|<message n="\d+" kind="\w+"(?: date="[\d-]+")? from="|<attachment name="'
)
_FROM = re.compile(r'<message n="\d+" kind="\w+"(?: date="[\d-]+")? from="([^"\n]*)"')
_FILE = re.compile(r'<attachment name="([^"\n]*)"')
_FILE_ENDING = re.compile(r"\.(?:pdf|docx?|xlsx?|jpe?g|png|txt|rtf|odt|zip|rar|heic|tiff?)(?![^\W_])", re.I)
_FILE_BEFORE = re.compile(r"(?<![^\s«\"(:,;])([^\W\d_][\w-]{0,30}(?:_[\w-]{1,30}){1,5}\.\w{3,4})$")
LONGEST_FILE_NAME = 100
_ADDRESS_WORD = re.compile(r"[^\s\[\]]*@[^\s\[\]]*")
_PHONE_AT_END = re.compile(r"(?<![^\s])[+(]?\d[\d ().-]{4,24}\d(?=\"|$)")
_DISPLAY_NAME = re.compile(r"[^\s\[\]@][^\[\]@]*(?<!\s)")
_CUT = "\n[cut]"
_LAST_WORD = re.compile(
    r"(?:(?<![A-Z\d])[A-Z]{2}\d{2}[A-Z\d ]{0,36}|[+(]?\d[\d ().-]{0,40}|[^\s<>\[\]\"]{1,64})$"
)
LAST_WORD_LIMIT = 64


@dataclass(frozen=True)
class CaseMask:
    """A text without personal data, and what each of its masks replaces."""

    text: str
    originals: Mapping[str, str]

    def hide(self, text: str) -> str:
        """The same masks in another text about the same case, e.g. fields that were extracted from it."""
        if self._known is None:
            return text
        return self._known.sub(lambda found: self._masks[found.group()], text)

    @cached_property
    def _masks(self) -> dict[str, str]:
        return {original: mask for mask, original in self.originals.items()}

    @cached_property
    def _known(self) -> re.Pattern[str] | None:
        longest_first = sorted(self._masks, key=len, reverse=True)
        if not longest_first:
            return None
        return re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, longest_first))})(?![^\W_])")


def mask_case(case: Case, *, bare_names: bool = True, after: str = "") -> CaseMask:
    """The case as `render_case` shows it, and the text of ours that follows it, masked; the senders' names are masked wherever they appear.

    Without `bare_names` people are masked only where the words around them say that they are people.
    """
    text = render_case(case) + after
    called = [d.message.customer.name if d.message.customer is not None else "" for d in case.documents]
    openings = list(_FROM.finditer(text))
    markup = [Span(m.start(), m.end(), None) for m in _MARKUP.finditer(text)]
    senders = [span for opening in openings for span in _sender(text, opening.start(1), opening.end(1))]
    starts = [o.start() for o in openings]
    taken = joined(joined(markup, _escaped(text)), senders)
    return _masked(text, _found(text, called, taken, starts, bare_names=bare_names), starts)


def mask_text(text: str, names: Sequence[str] = (), *, bare_names: bool = True) -> CaseMask:
    """A text of no case, masked; `names` are display names to look for."""
    return _masked(text, _found(text, names, joined([], _escaped(text)), bare_names=bare_names), [])


def _escaped(text: str) -> Iterator[Span]:
    for found in _LOOKS_LIKE_MASK.finditer(text):
        yield Span(found.start(), found.end(), None)


def _sender(text: str, start: int, end: int) -> Iterator[Span]:
    """Address and display name of a `from` attribute, whatever they look like: it may be cut or have no domain. Records of
    a register have a phone in place of the address."""
    phone = _PHONE_AT_END.search(text, start, end)
    if phone is not None:
        yield Span(phone.start(), phone.end(), Kind.PHONE)
        end = phone.start()
    at = start
    for address in _ADDRESS_WORD.finditer(text, start, end):
        yield from _display_name(text, at, address.start())
        yield Span(address.start(), address.end(), Kind.EMAIL)
        at = address.end()
    yield from _display_name(text, at, end)


def _display_name(text: str, start: int, end: int) -> Iterator[Span]:
    for found in _DISPLAY_NAME.finditer(text, start, end):
        if any(c.isalpha() for c in found.group()):
            yield Span(found.start(), found.end(), Kind.NAME)


def _found(
    text: str,
    senders: Sequence[str],
    taken: list[Span],
    messages: Sequence[int] = (),
    *,
    bare_names: bool = True,
) -> list[Span]:
    """Every span, the surer kinds first. Names come last and per message, so a later one never moves an earlier."""
    lowered = _lower(text)
    taken = joined(taken, pii_online.emails(text, lowered))
    taken = joined(taken, pii_online.handles(text, lowered))
    near = pii_context.around_digits(text)
    if near:
        taken = joined(taken, pii_numbers.ibans(text))
        taken = joined(taken, pii_context.documents_and_accounts(text, lowered, near))
        taken = joined(taken, pii_numbers.numbers(text))
        taken = joined(taken, pii_numbers.plates(text))
        taken = joined(taken, pii_context.birth_dates(text, lowered, near))
        taken = joined(taken, pii_context.local_phones(text, lowered, near))
        taken = joined(taken, pii_addresses.addresses(text, lowered, near))
    taken = joined(taken, _cut_words(text))
    companies = pii_names.words_of_companies(senders)
    whole = list(pii_names.whole_names(text, senders, messages))
    taken, mentioned = _people(text, lowered, taken, companies, bare_names, whole)
    if near:
        taken = joined(taken, pii_context.births_behind(text, mentioned))
    for found in pii_names.names(text, lowered, _called(text, senders, messages, mentioned)):
        taken = joined(taken, found)
    return taken


def _people(
    text: str,
    lowered: str,
    taken: list[Span],
    companies: frozenset[str],
    bare_names: bool,
    whole: Sequence[Span],
) -> tuple[list[Span], list[Span]]:
    """What is taken with the people who are found, and these people. The longest name counts where several rules find one;
    words of `companies` are nobody's."""
    cells = list(tables(text))
    taken = joined(taken, (c for c in cells if c.kind is not Kind.NAME))
    found = [*whole, *pii_people.people(text, lowered), *(c for c in cells if c.kind is Kind.NAME)]
    for file in chain(_FILE.finditer(text), _file_names(text)):
        found += names_in_file_name(text, file.start(1), file.end(1))
    if bare_names:
        found += names_alone(text)
    if companies:
        found = [s for s in found if not companies.issuperset(lowered[s.start : s.end].split())]
    free: list[Span] = []
    for span in sorted(found, key=lambda s: (s.start, -s.end)):
        if free and span.start < free[-1].end:
            free[-1] = free[-1]._replace(end=max(free[-1].end, span.end))
        else:
            free.append(span)
    together = joined(taken, free)
    return together, sorted(set(together).intersection(free))


def _file_names(text: str) -> Iterator[re.Match[str]]:
    """Names of files in a sentence, of several words with `_` between."""
    for ending in _FILE_ENDING.finditer(text):
        found = _FILE_BEFORE.search(text, max(0, ending.start() - LONGEST_FILE_NAME), ending.end())
        if found is not None:
            yield found


def _called(
    text: str, senders: Sequence[str], messages: Sequence[int], people: Sequence[Span]
) -> list[pii_names.Called]:
    """Who each message names; a text of no case is one message."""
    mentioned: list[dict[str, None]] = [{} for _ in range(max(1, len(senders), len(messages)))]
    for span in people:
        mentioned[max(0, bisect_right(messages, span.start) - 1)][text[span.start : span.end]] = None
    padded = [*senders, *[""] * (len(mentioned) - len(senders))]
    return [pii_names.Called(sender, tuple(names)) for sender, names in zip(padded, mentioned, strict=True)]


def _lower(text: str) -> str:
    """Lower case, character for character."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _cut_words(text: str) -> Iterator[Span]:
    """The last word before a cut, which no pattern would know by its first half."""
    at = text.find(_CUT)
    while at >= 0:
        start = max(0, at - LAST_WORD_LIMIT)
        found = _LAST_WORD.search(text[start:at])
        if found is not None:
            yield Span(start + found.start(), start + found.end(), Kind.CUT)
        at = text.find(_CUT, at + len(_CUT))


def _masked(text: str, spans: list[Span], messages: Sequence[int]) -> CaseMask:
    masks = _numbered(text, spans, messages)
    pieces: list[str] = []
    at = 0
    escapes: dict[str, str] = {}
    for span in spans:
        value = text[span.start : span.end]
        pieces.append(text[at : span.start])
        if span.kind is not None:
            pieces.append(masks[span.kind, value])
        elif value.startswith("["):
            escapes[f"{value[:-1]}_]"] = value
            pieces.append(f"{value[:-1]}_]")
        else:
            pieces.append(value)
        at = span.end
    pieces.append(text[at:])
    originals = {mask: value for (_, value), mask in masks.items()}
    fewest_first = sorted(escapes, key=lambda mask: (len(mask) - len(mask.rstrip("_]")), mask))
    return CaseMask("".join(pieces), originals | {mask: escapes[mask] for mask in fewest_first})


def _numbered(text: str, spans: list[Span], messages: Sequence[int]) -> dict[tuple[Kind, str], str]:
    """Masks by kind and value, numbered in the order in which the messages first name the values."""
    order = sorted(spans, key=lambda s: (max(bisect_right(messages, s.start), s.known_from), s.start))
    masks: dict[tuple[Kind, str], str] = {}
    counts = dict.fromkeys(Kind, 0)
    for span in order:
        if span.kind is None:
            continue
        key = (span.kind, text[span.start : span.end])
        if key not in masks:
            counts[span.kind] += 1
            masks[key] = f"[{span.kind}_{counts[span.kind]}]"
    return masks

"""Reads a prompt: the texts between the tags of its system and user part. Nothing is decided here."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from llm_assets.emulator.rules.choices import Choice, Verdict, Vocabulary
from llm_assets.emulator.rules.matters import several_matters

CHOICE_LINE = re.compile(r"^\s*[-*]\s*([^:\n]+?)\s*(?::\s*(.*))?$", re.MULTILINE)
MESSAGE_DATE = re.compile(r' date="(\d{4})-')
MESSAGE_FROM = re.compile(r' from="([^"\n]*)"')
ADDRESS = re.compile(r"\S+@\S+|\[(?:EMAIL|PHONE)_\d+\]|\+?\d[\d ()-]{6,}")
WORDS = re.compile(r"\w+")
REMARKED = 0.95
"""How sure an answer is that a colleague's remark has named."""
ATTACHED_TEXT = 3000
"""Characters of each attachment that the rules read."""
KAZAKH = frozenset("әғқңөұүһі")


@dataclass(frozen=True, slots=True)
class Instructions:
    """The part of a prompt that is the same for a whole queue."""

    categories: tuple[Choice, ...]
    departments: tuple[Choice, ...]
    text: str
    vocabularies: dict[tuple[str, ...], Vocabulary] = field(default_factory=dict, compare=False)

    def vocabulary(self, names: tuple[str, ...], described: tuple[Choice, ...]) -> Vocabulary:
        """The words that speak for each of these names, built once per queue."""
        found = self.vocabularies.get(names)
        if found is None:
            known = {choice.name: choice for choice in described}
            found = Vocabulary(tuple(known.get(name, Choice(name)) for name in names))
            self.vocabularies[names] = found
        return found


@dataclass(slots=True)
class Case:
    instructions: Instructions
    around: str
    """The user part outside `<case>`: what our own prompt adds about this case."""
    subject: str
    text: str
    """Everything the customer sent: subjects, texts and attachments, in order."""
    written: str
    """The start of `text`, without attachments: what people wrote."""
    year: int | None
    sender: str = ""
    """Sender of the first message, without the address."""
    notes: dict[object, Any] = field(default_factory=dict)
    """Cache of findings that several fields share."""
    _words: frozenset[str] | None = None
    _lowered: str | None = None

    @property
    def lowered(self) -> str:
        """`text` in lower case and of the same length, so that positions are the same in both."""
        if self._lowered is None:
            lowered = self.text.lower()
            if len(lowered) != len(self.text):
                lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in self.text)
            self._lowered = lowered
        return self._lowered

    @property
    def words(self) -> frozenset[str]:
        if self._words is None:
            self._words = frozenset(self.lowered.split())
        return self._words

    def judge(self, names: tuple[str, ...], described: tuple[Choice, ...]) -> Verdict:
        """Which of `names` the case is about. Descriptions come from the prompt, where it has them."""
        verdict: Verdict | None = self.notes.get(names)
        if verdict is None:
            known = self.instructions.vocabulary(names, described)
            verdict = known.judge(self.words)
            if verdict.doubt == "two_fit" and several_matters(self.text, known, verdict):
                verdict = verdict._replace(doubt="several_matters")
            remarked = next((name for name in names if name in self._remarked), None)
            if remarked is not None:
                verdict = Verdict(remarked, None, REMARKED, "none", ())
            self.notes[names] = verdict
        return verdict

    @property
    def _remarked(self) -> frozenset[str]:
        """Words of a colleague who sent the answer back; a category that they name is the answer then."""
        return frozenset(WORDS.findall(between(self.around, "sent_back") or ""))

    def tag_text(self, tag: str) -> str | None:
        """The text of a tag of our prompt, from the part about the case or else from the instructions."""
        return between(self.around, tag) or between(self.instructions.text, tag)

    @property
    def language(self) -> str:
        return language_of(self.text)


def language_of(text: str) -> str:
    """en, ru or kk, by the letters alone."""
    sample = text[:2000].lower()
    letters = set(sample)
    if letters & KAZAKH:
        kazakh = sum(sample.count(letter) for letter in KAZAKH)
        if kazakh * 60 >= len(sample) or kazakh >= 6:
            return "kk"
    cyrillic = sum(1 for letter in sample if "а" <= letter <= "я")
    return "ru" if cyrillic * 4 > len(sample) else "en"


def read_case(system: str, user: str) -> Case:
    """Splits a prompt into instructions and the customer's words, which never act as instructions."""
    start = user.find("<case")
    end = user.rfind("</case>")
    instructions = read_instructions(system)
    if start < 0 or end < start:
        return Case(instructions, user, "", user, user, None)
    fenced = user[user.find(">", start) + 1 : end]
    subjects = _all_between(fenced, "subject")
    attached = [body[:ATTACHED_TEXT] for body in _all_between(fenced, "attachment")]
    written = "\n".join([*subjects, *_all_between(fenced, "text")])
    text = "\n".join([written, *attached]) if attached else written
    date = MESSAGE_DATE.search(fenced, 0, 600)
    return Case(
        instructions,
        user[:start] + user[end + 7 :],
        next((subject.strip() for subject in subjects if subject.strip()), ""),
        text or fenced,
        written,
        int(date[1]) if date else None,
        _sender(fenced),
    )


def _sender(fenced: str) -> str:
    found = MESSAGE_FROM.search(fenced, 0, 600)
    return ADDRESS.sub("", found[1]).strip(" ,<>") if found is not None else ""


@lru_cache(maxsize=512)
def read_instructions(system: str) -> Instructions:
    categories, departments = between(system, "categories"), between(system, "departments")
    return Instructions(_listed(categories), _listed(departments), system)


def _listed(text: str | None) -> tuple[Choice, ...]:
    if text is None:
        return ()
    found = CHOICE_LINE.findall(text)
    return tuple(Choice(name, about or "") for name, about in found if not name.startswith("("))


def between(text: str, tag: str) -> str | None:
    """The first element of this name, stripped; None when absent or empty."""
    found = next(iter(_all_between(text, tag, 1)), "").strip()
    return found or None


def _all_between(text: str, tag: str, most: int = 200) -> list[str]:
    found: list[str] = []
    opening, closing = f"<{tag}", f"</{tag}>"
    at = text.find(opening)
    while at >= 0 and len(found) < most:
        start = text.find(">", at)
        end = text.find(closing, start)
        if start < 0 or end < 0:
            break
        if text[at + len(opening)] in "> ":
            found.append(text[start + 1 : end])
        at = text.find(opening, end)
    return found

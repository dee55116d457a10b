"""The form of a draft: unbroken, in the right language, said once, without the greeting and signature that are added."""

import re
from itertools import combinations

from llm_assets.domain.desk.queue import Language
from llm_assets.steps.drafts.dates import months_and_weekdays
from llm_assets.steps.drafts.facts import Facts
from llm_assets.steps.drafts.number_words import digits_of_words
from llm_assets.steps.drafts.sentences import as_heard, sentences, stem, without_exact_quotes, without_quotes
from llm_assets.steps.drafts.spans import spans_in
from llm_assets.steps.drafts.words import named, opening

_KAZAKH = re.compile(r"[әғқңөұүһі]", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яёәғқңөұүһі]", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"\{\{|\}\}|\[[^\W\d_][^\[\]\n]{2,40}\]|\{[^\W\d]\w{1,30}\}|\$\{|\\n|lorem ipsum|\ufffd|_{3,}|(?<!\w)(?:X{3,}|Х{3,})(?!\w)|"
    r"(?<!\w)(?:TBD|TODO|TBC|N/A|ДД\.ММ|DD[./]MM|xx:xx)(?!\w)|(?<!\w)[NXХ]{1,2} (?:days|дней|күн|тенге|теңге)|%\w+%|"
    r"\((?:имя|name|аты|дата|date|күні|insert[^()]{0,30}|вставьте[^()]{0,30})\)|<(?:имя|name|аты)[^<>]{0,20}>",
    re.IGNORECASE,
)
_MARKUP = re.compile(
    r"</?[a-z][a-z_/]*(?: [^<>\n]*)?/?>|\*\*|__\w|^#{1,6} |```|&(?:nbsp|amp|lt|gt|quot|#\d+);|\]\(https?:|^\|.*\|$|^\s*\{\s*\"",
    re.IGNORECASE | re.MULTILINE,
)
_MASK = re.compile(
    r"(?<![\w-])\[?(?:EMAIL|PHONE|CARD|CVV|IBAN|IIN|PASSPORT|ID|ACCOUNT|ADDRESS|BIRTHDATE|PLATE|HANDLE|NAME|CUT)_\d+_*\]?|"
    r"(?-i:(?<!\w)(?:NAME|PHONE|EMAIL|ADDRESS|ACCOUNT)[ -]?\d)",
    re.IGNORECASE,
)
_LIKE_A_MASK = re.compile(r"(?<![\w-])\[?[A-Z]{2,}(?:_[A-Z]+)*_\d+_*\]?(?!\w)")
_JOINED = re.compile(r"(?<![\w/.@-])[^\W\d_]+(?:_[^\W\d_]+)+(?![\w@.])")
"""Words joined as in the name of a variable: "Имя_клиента"."""
_ENDS = re.compile(
    r"(?:[.!?)»\"”]|https?://\S+|[\w-]+\.[a-z]{2,}(?:/\S*)?|[\w.+-]+@[\w.-]+)\s*$", re.IGNORECASE
)
_LISTED = re.compile(r"^\s*(?:\d{1,2}[.)]|[-•–*])\s")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
_WORD = re.compile(r"[^\W\d_]{4,}")
_DIGITS = re.compile(r"\d+")
_RUSSIAN = re.compile(
    r"(?<!\w)(?:и|в|на|мы|вы|вас|вам|ваш\w*|что|для|по|не|будет|это|если|или|от|до|за|из|его|её|наш\w*|пожалуйста|у|к|с|как|вс[её]|"
    r"чтобы|при|уже|ещ[её])(?!\w)",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    r"\b(?:the|and|you|your|we|is|are|will|to|of|in|please|for|with|not|it|this|that|our)\b", re.IGNORECASE
)
LONGEST_ENDING = 300
ALIKE, MOST_COMPARED = 0.85, 30
"""Share of common words from which two sentences say the same, and how many are compared."""
MINIMUM_LETTERS = 20
MINIMUM_THANKS = 12


def letters_of(text: str) -> int:
    return len(_CYRILLIC.findall(text)) + len(_LATIN.findall(text))


def is_thanks(facts: Facts) -> bool:
    """Whether the customer says thanks or praises and asks nothing."""
    written = re.sub(r"<[^<>]*>", " ", facts.case)
    return "thanks" in named("topics", written) and "?" not in written and len(written.split()) < 40


def is_empty(body: str, facts: Facts) -> bool:
    thanks = is_thanks(facts) and "thanks" in named("topics", body)
    return letters_of(body) < (MINIMUM_THANKS if thanks else MINIMUM_LETTERS)


def is_broken(text: str, facts: Facts) -> bool:
    """Placeholders, markup, or a mask that restoring left over; the customer's own reference may look like one.

    People write "XXXX" in a mail themselves, for a number they hide: a quote of that is no placeholder of ours.
    """
    if (
        _PLACEHOLDER.search(without_exact_quotes(text, facts.case))
        or _MARKUP.search(text)
        or _MASK.search(text)
    ):
        return True
    joined = [*_LIKE_A_MASK.findall(text), *_JOINED.findall(text)]
    return any(each not in facts.known for each in joined)


def is_cut(body: str) -> bool:
    """Whether the body ends inside a sentence. A link or a list needs no full stop."""
    last = body.rstrip().rpartition("\n")[2]
    return _ENDS.search(body.rstrip()[-LONGEST_ENDING:]) is None and _LISTED.match(last) is None


def repeats(body: str) -> bool:
    said = [re.sub(r"\W+", " ", s.casefold()).strip() for s in _SENTENCE.findall(body)]
    long = [s for s in said if len(s) > 15]
    if len(set(long)) < len(long):
        return True
    words = [set(s.split()) for s in long if len(s.split()) > 5]
    return any(len(a & b) >= ALIKE * len(a | b) for a, b in combinations(words[:MOST_COMPARED], 2))


def written_in(text: str) -> Language:
    """Language by alphabet. Kazakh has nine letters that Russian lacks; a share of 2 % is more than names in Russian have."""
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if latin > cyrillic:
        return "en"
    return "kk" if len(_KAZAKH.findall(text)) > 0.02 * cyrillic else "ru"


def _speaks(text: str, language: Language) -> bool:
    """Whether a text can be of that language: Kazakh without its letters, and Russian full of Latin names, included."""
    found = written_in(text)
    if found == language:
        return True
    if language == "kk" and found == "ru":
        return not _RUSSIAN.search(text)
    if language in ("ru", "kk") and found == "en":
        return bool(_CYRILLIC.search(text)) and not _ENGLISH.search(text)
    return False


def is_wrong_language(body: str, facts: Facts) -> bool:
    """Whether the body, or a whole sentence of it that quotes nobody, is of another language."""
    language = facts.language
    own = without_quotes(body, facts.case)
    if not _speaks(own if letters_of(own) >= MINIMUM_LETTERS else body, language):
        return True
    return any(_is_foreign(s, language) for s in sentences(own))


def _is_foreign(sentence: str, language: Language) -> bool:
    """Whether a sentence of some length is of another language; names in it say nothing about that."""
    words = [w for w in re.findall(r"[^\W\d_]+", sentence) if not w[0].isupper()]
    plain = " ".join(words)
    if len(words) < 4:
        return False
    match language:
        case "en":
            return len(_CYRILLIC.findall(plain)) > len(_LATIN.findall(plain))
        case "ru":
            if len(_LATIN.findall(plain)) > len(_CYRILLIC.findall(plain)):
                return len(_ENGLISH.findall(plain)) >= 2
            return sum(_KAZAKH.search(w) is not None for w in words) >= 3
        case "kk":
            if len(_LATIN.findall(plain)) > len(_CYRILLIC.findall(plain)):
                return len(_ENGLISH.findall(plain)) >= 2
            return _KAZAKH.search(plain) is None and len(_RUSSIAN.findall(plain)) >= 2


def greets_again(body: str, facts: Facts) -> bool:
    """Whether the body begins with a salutation or ends with a farewell that the queue adds anyway."""
    lines = [line.strip() for line in body.strip().splitlines() if line.strip()]
    if facts.greeting and opening("greetings").match(body.strip() + "\n"):
        return True
    if not facts.signature or not lines:
        return False
    ends = sentences(body)[-3:]
    own = {line.strip(" ,.") for line in facts.signature.splitlines() if len(line.strip()) > 3}
    return any(opening("farewells").match(e) for e in ends) or lines[-1].strip(" ,.") in own


def is_too_generic(body: str, facts: Facts) -> bool:
    """Whether the draft shares fewer than two words, topics, numbers or days with the case and the guidance, so that it fits any mail."""
    if is_thanks(facts) and "thanks" in named("topics", body):
        return False
    shared = {stem(as_heard(w), 4) for w in _WORD.findall(body)} & facts.beginnings
    if len(shared) > 1:
        return False
    topics = (named("topics", body) & named("topics", facts.known)) - {"thanks", "praise", "complaint"}
    counted = digits_of_words(body)
    numbers = set(_DIGITS.findall(counted)) & set(_DIGITS.findall(facts.counted))
    spans = set(spans_in(counted)) & set(spans_in(facts.trusted_counted))
    days = months_and_weekdays(body) & months_and_weekdays(facts.known)
    return max(len(shared), len(topics)) + len(numbers) + len(spans) + len(days) < 2

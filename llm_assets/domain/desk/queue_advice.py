"""What a queue file leaves the model to guess: categories that say too little or overlap, and replies nobody approved.

What belongs here: advice about a file that is valid. What does not: errors, which `queue.py` raises when it is read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, takewhile
from typing import NamedTuple, get_args

from llm_assets.domain.desk.queue import Category, Language, Queue

WORD = re.compile(r"[^\W\d_]{2,}")
CAMEL = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])")
NAMED = 3
"""Categories or words that a sentence names; it counts the others."""
WHOLE, MOST, SHARE = 2, 3, 0.6
"""Two categories overlap when the shorter description has at least two words and all are in the other, or at least three of
its words are, and that share of them."""
COMMON_FROM = 4
"""Categories from which on a word that more than half of them use tells nothing about one of them."""

ENDINGS = ("ments", "ment", "ings", "ing", "ies", "als", "al", "ers", "er", "es", "ed", "s", "y", "e")
"""Of English words, longest first."""
_CATCH_ALL = """
other others misc miscellaneous general rest прочее прочие другое другие остальное разное иное басқа басқасы өзге
"""
CATCH_ALL = frozenset(_CATCH_ALL.split())
"""Names of categories for whatever fits nowhere else; they need no description of their own."""
_EMPTY = """
a an and any are as at be been by can did do does for from has have he how if in into is it its no not of on or our she so
some something that the their them there they this to us was we were what when where which who why will with you your
about all anything ask asks asking category client customer else everything kind letter letters mail mails matter matters
message messages other question questions related regarding concerning concerns topic type write writes get gets need needs want
wants

без бы был была было быть вам вас ваш во все вы где для до его если есть же за из или им их как ко когда которая которое которые которых который кто мы на над нам
нас наш не него нет но об он она они от по под при про со так также то только тот уже что чтобы эта это этот
вопрос вопросы вопросов категория клиент клиента клиенты касается обращение обращения письмо письма связанное связанные
сообщение сообщения спрашивает тема темы надо нужно просит просят хотят хочет

арқылы бар бұл біз бізге да де деген және жоқ кім қай қайда қалай қашан мен неге ол олар осы сіз сол үшін барлық басқа
сұрақ сұрақтар тақырып туралы хат хаттар хабарлама санат
керек қалайды сұрайды
"""
EMPTY = frozenset(_EMPTY.split())
"""Words that any description may hold, in English, Russian and Kazakh."""


class Advice(NamedTuple):
    queue: str
    says: str


class Pair(NamedTuple):
    names: Sequence[str]
    words: Sequence[str]
    """Words that both descriptions hold."""


def advice(queues: Iterable[Queue]) -> list[Advice]:
    """Sentences for people, in the order of the queues; none for a file that says what it needs to."""
    return [Advice(queue.name, says) for queue in queues for says in _about(queue)]


def _about(queue: Queue) -> Iterator[str]:
    bare = [c.name for c in queue.categories if not c.description.strip() and not _is_catch_all(c)]
    if bare:
        yield (
            f"{_names(bare)} {'has' if len(bare) == 1 else 'have'} no description, so the model knows only the name: "
            "say in a sentence what belongs there and in which words customers ask for it"
        )
    repeating = [c.name for c in queue.categories if _repeats_its_name(c)]
    if repeating:
        yield f"the description of {_names(repeating)} says no more than the name: say what belongs there and what does not"
    pairs = list(_overlapping(queue.categories))
    for pair in pairs[:NAMED]:
        yield (
            f"{_names(pair.names)} overlap, both are about {_listed(pair.words)}: "
            "say in each what belongs to the other, or make them one category"
        )
    if len(pairs) > NAMED:
        yield f"{len(pairs) - NAMED} more pairs of categories overlap"
    yield from _without_words(queue)


def _without_words(queue: Queue) -> Iterator[str]:
    """Categories that ask for a reply for which nobody has approved any words."""
    silent = [c.name for c in queue.categories if c.needs_reply and not c.reply_guidance.strip()]
    wanted = get_args(Language) if queue.reply_language == "same" else (queue.reply_language,)
    missing = [language for language in wanted if not queue.acknowledgement.get(language, "").strip()]
    if not silent or not missing:
        return
    none = len(missing) == len(wanted)
    what = "the queue has no `acknowledgement`" if none else f"`acknowledgement` has no {_listed(missing)}"
    yield (
        f"{_names(silent)} {'needs' if len(silent) == 1 else 'need'} a reply without `reply_guidance`, and {what}: "
        "write what a reply may state, or `needs_reply: false`"
    )


def _is_catch_all(category: Category) -> bool:
    return set(_all_words(category.name)) <= CATCH_ALL | EMPTY


def _repeats_its_name(category: Category) -> bool:
    """Whether the description adds no word to the name, or is itself but one word. A catch-all needs none."""
    name, description = _words(category.name), _words(category.description)
    if not category.description.strip() or _is_catch_all(category):
        return False
    groups = _groups([*name, *description])
    said = {groups[word] for word in description}
    return len(said) < 2 or said <= {groups[word] for word in name}


def _overlapping(categories: Sequence[Category]) -> Iterator[Pair]:
    words = {c.name: _words(c.description) for c in categories}
    groups = _groups([word for found in words.values() for word in found])
    said = {name: {groups[word] for word in found} for name, found in words.items()}
    told = [name for name in said if said[name]]
    if len(told) >= COMMON_FROM:
        common = {
            group
            for group in set(groups.values())
            if sum(group in said[name] for name in told) * 2 > len(told)
        }
        said = {name: found - common for name, found in said.items()}
    for first, second in combinations(told, 2):
        shared, least = said[first] & said[second], min(len(said[first]), len(said[second]))
        if _overlap(len(shared), least):
            yield Pair((first, second), _in_order(words[first], groups, shared))


def _overlap(shared: int, of: int) -> bool:
    return WHOLE <= shared == of or (shared >= MOST and shared >= SHARE * of)


def _in_order(words: Iterable[str], groups: Mapping[str, str], wanted: set[str]) -> list[str]:
    first: dict[str, str] = {}
    for word in words:
        if groups[word] in wanted:
            first.setdefault(groups[word], word)
    return list(first.values())


def _all_words(text: str) -> list[str]:
    return WORD.findall(CAMEL.sub(" ", text).replace("_", " ").lower().replace("ё", "е"))


def _words(text: str) -> list[str]:
    """The words that say something, in order."""
    return [word for word in _all_words(text) if word not in EMPTY]


def _groups(words: Iterable[str]) -> dict[str, str]:
    """Each word with the shortest word of which it is an inflected form."""
    found: dict[str, str] = {}
    roots: dict[str, list[str]] = {}
    for word in sorted(set(words), key=lambda word: (len(word), word)):
        near = roots.setdefault(word[:3], [])
        root = next((root for root in near if _same(root, word)), None)
        if root is None:
            near.append(word)
        found[word] = root if root is not None else word
    return found


def _same(short: str, long: str) -> bool:
    """Whether two words are forms of one: in English but for a known ending, else when they begin alike.

    Russian and Kazakh endings are too many to list: *карта, картой, картаның* share their beginning.
    """
    if short.isascii():
        return _without_ending(short) == _without_ending(long)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(short, long, strict=False)))
    if alike == len(short):
        return len(long) - alike <= max(2, alike - 2)
    ending = 3 if alike < 6 else 4
    return alike >= 4 and len(long) - alike <= ending and len(short) - alike <= ending


def _without_ending(word: str) -> str:
    ending = next((e for e in ENDINGS if word.endswith(e) and len(word) - len(e) >= 3), "")
    return word.removesuffix(ending)


def _names(names: Sequence[str]) -> str:
    """Names of categories may hold spaces and commas."""
    return _listed([f'"{name}"' for name in names])


def _listed(words: Sequence[str]) -> str:
    shown, more = words[:NAMED], len(words) - NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([*filter(None, [", ".join(shown[:-1])]), shown[-1]])

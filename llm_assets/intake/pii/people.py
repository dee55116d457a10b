"""People told by the words around them: greetings, titles, "my name is", "Ф.И.О.", "менің атым", signatures, relatives.

Also patronymics and surnames with initials, which need no word beside them. The senders' own names, which are known
without a context, are in `pii_names`; it also finds again what is found here. Every pattern is bounded and is tried
only where one of its words stands.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

from llm_assets.intake.pii.names import NOT_NAMES, words_of
from llm_assets.intake.pii.span import Kind, Span

UPPER = "A-ZА-ЯЁӘІҢҒҮҰҚӨҺ"
_NAME = rf"(?![{UPPER}]{{2,3}}(?![^\W\d_]))[{UPPER}](?:[^\W\d_]|['’-](?=[^\W\d_])){{1,30}}"
_LETTER = rf"[{UPPER}]\."
_ONE = rf"(?:{_NAME}|{_LETTER})"
_STEP = r"(?:[ \u00a0]{1,2}|(?<=\.))"
_NAMES = rf"(?P<name>{_ONE}(?:{_STEP}{_ONE}){{0,3}})"
_FULL = rf"(?P<name>{_ONE}(?:{_STEP}{_ONE}){{1,3}})"
_SINGLE = rf"(?P<name>{_ONE}(?:{_STEP}{_ONE}){{0,3}}|[^\W\d_]{{2,30}})"
_TITLE = r"(?:(?:mr|mrs|ms|miss|dr|prof|mister|господин\w{0,2}|госпож\w{1,2}|г-н\w?|г-ж\w|товарищ|коллега|мырза|ханым)\.?[ \u00a0])?"
_COLON = r"[ \u00a0]{0,2}[:—–-][ \u00a0]{0,2}"
_MAYBE_COLON = r"[ \u00a0]{0,2}[:—–,-]?[ \u00a0]{0,2}"
_END_OF_GREETING = r"(?=[ \u00a0]{0,2}(?:[,!.:;\n]|$))"


class _Rule(NamedTuple):
    words: tuple[str, ...]
    pattern: re.Pattern[str]
    """From the word on; group `name` is what is masked."""


def _rule(words: str, pattern: str) -> _Rule:
    parts = tuple(words.split("|"))
    heads = "|".join(map(re.escape, parts))
    return _Rule(parts, re.compile(rf"(?i:{heads}){pattern}"))


_INSENSITIVE_TITLE = f"(?i:{_TITLE})"
_RULES = (
    _rule("dear|hello|hi|good morning|good afternoon|good evening", rf",?[ \u00a0]{{1,2}}{_INSENSITIVE_TITLE}{_NAMES}{_END_OF_GREETING}"),
    _rule("уважаем", rf"(?i:ый|ая|ые|ого|ой)[ \u00a0]{{1,2}}{_INSENSITIVE_TITLE}{_NAMES}"),
    _rule("здравствуйте|добрый день|добрый вечер|доброе утро|привет|дорогая|дорогой", rf",?[ \u00a0]{{1,2}}{_INSENSITIVE_TITLE}{_NAMES}{_END_OF_GREETING}"),
    _rule("құрметті|сәлеметсіз бе|сәлем|қайырлы күн", rf",?[ \u00a0]{{1,2}}{_INSENSITIVE_TITLE}{_NAMES}(?i:[ \u00a0](?:мырза|ханым))?{_END_OF_GREETING}"),
    _rule("mr|mrs|ms|miss|dr|mister", rf"\.?[ \u00a0]{{1,2}}{_NAMES}"),
    _rule("господин|госпож|г-н|г-ж|гр|гражданин|гражданк", rf"(?i:[ауеыой]|ом|ке|ка|ки|кой|ину|ина)?\.?[ \u00a0]{{1,2}}{_NAMES}"),
    _rule("my name is|my name's|name is|named|i am called|signed by", rf"[ \u00a0]{{1,2}}{_NAMES}"),
    _rule("i am|i'm|this is|it is|on behalf of|in the name of|accompanied by|account of|card of|passport of|id of", rf",?[ \u00a0]{{1,2}}{_FULL}"),
    _rule("меня зовут|зовут меня|звать меня|мое имя|моё имя|по имени|на имя|от имени", rf"{_MAYBE_COLON}{_NAMES}"),
    _rule("меня зовут|зовут меня|менің атым|менің есімім|есімім|атым", rf"{_MAYBE_COLON}(?!(?i:кім|не|как|так|все|его|ее|её|на|по|в|с)\b){_SINGLE}(?![^\W\d_])"),
    _rule("я|мен|ип|жк|на имя|от", rf",?[ \u00a0]{{1,2}}{_FULL}"),
    _rule(
        "ф.и.о|фио|ф. и. о|фамилия, имя|фамилия|аты-жөні|аты жөні|т.а.ә|т. а. ә|таә|тегі|full name|first name|last name"
        "|surname|cardholder|card holder|account holder|contact person|beneficiary|recipient|applicant|passenger|контактное лицо",
        rf"(?i:[\w.]{{0,12}}(?: (?:клиента|заявителя|владельца|получателя|держателя|плательщика|отчество|полностью|name|of the \w{{2,12}})){{0,2}})\.?{_MAYBE_COLON}{_NAMES}",
    ),
    _rule(
        "ship to|deliver to|bill to|sold to|signature|signed|contact|customer|client|owner|sender|attn|payee|payer|manager|director|accountant|имя|отчество|получатель|отправитель|заявитель|клиент"
        "|владелец|держатель карты|плательщик|покупатель|заказчик|бенефициар|представитель|исполнитель|ответственный|директор|бухгалтер"
        "|руководитель|менеджер|водитель|пациент|алушы|жіберуші|өтініш беруші|байланыс тұлғасы|иесі|есімі|аты|директоры|жауапты|басшы|подпись|қолы",
        rf"(?i:[^\W\d_]{{0,6}}){_COLON}{_INSENSITIVE_TITLE}{_NAMES}",
    ),
    _rule("name", rf"{_COLON}{_INSENSITIVE_TITLE}{_FULL}"),
    _rule(
        "regards|sincerely|yours truly|yours faithfully|many thanks|thanks|thank you|cheers|best wishes|best|yours",
        rf"[,.!]?[ \u00a0]{{0,2}}\n{{1,2}}[ \u00a0]{{0,2}}{_NAMES}(?=[ \u00a0]{{0,2}}(?:[,.\n]|$))",
    ),
    _rule("regards|sincerely|yours truly|yours faithfully", rf",[ \u00a0]{{1,2}}{_NAMES}(?=[ \u00a0]{{0,2}}(?:[,.\n]|$))"),
    _rule(
        "с уважением|с наилучшими пожеланиями|с наилучшими|спасибо|заранее благодарю|заранее спасибо|благодарю|құрметпен|рахмет|рақмет"
        "|ізгі ниетпен|алдын ала рахмет",
        rf"[,.!:]?(?:[ \u00a0]{{1,2}}|[ \u00a0]{{0,2}}\n{{1,2}}[ \u00a0]{{0,2}}){_NAMES}(?=[ \u00a0]{{0,2}}(?:[,.\n]|$))",
    ),
    _rule(
        "wife|husband|son|daughter|mother|father|brother|sister|colleague|lawyer|friend|child|partner|neighbour|neighbor|operator|employee|consultant"
        "|courier|agent|cashier|clerk|manager|doctor|notary|assistant",
        rf",?[ \u00a0]{{1,2}}{_INSENSITIVE_TITLE}{_NAMES}",
    ),
    _rule(
        "жен|муж|сын|доч|мам|мат|пап|отец|отц|брат|сестр|бабушк|дедушк|коллег|сотрудни|оператор|менеджер|специалист|курьер|консультант|кассир|водител"
        "|бухгалтер|директор|адвокат|юрист|представител|супруг|сосед|врач|нотариус|гражданин|гражданк|директор",
        rf"[а-яё]{{0,6}},?[ \u00a0]{{1,2}}(?:(?i:по имени|тоо|ооо)[ \u00a0])?(?:«[^»\n]{{1,40}}»[ \u00a0])?{_NAMES}",
    ),
    _rule(
        "жұбайым|зайыбым|әйелім|күйеуім|ұлым|қызым|анам|әкем|бауырым|ағам|інім|сіңлім|қарындасым|әпкем|әріптесім|балам|оператор|менеджер|қызметкер|курьер"
        "|кеңесші|маман|директор",
        rf"[а-яёәіңғүұқөһ]{{0,8}},?[ \u00a0]{{1,2}}{_NAMES}",
    ),
)  # fmt: skip
_PATRONYM = re.compile(
    r"(?:ов|ев)(?:ич(?:а|у|ем|е)?|н(?:а|ы|е|у|ой|ою))(?![^\W\d_])|иничн(?:а|ы|е|у|ой)(?![^\W\d_])"
    r"|(?:ұлы|қызы|улы|кызы)(?:н[ыі]ң|н[ае]|н[ыі]|нан|мен)?(?![^\W\d_])"
)
_PATRONYMIC = ("ович", "евич", "овн", "евн", "иничн", "ұлы", "қызы", "улы", "кызы")
_BEFORE_PATRONYM = re.compile(rf"(?<![^\W_])(?:{_NAME}[ \u00a0]{{1,2}}){{1,2}}[{UPPER}][^\W\d_]{{2,20}}$")
_CAPITAL_WORD = re.compile(rf"(?<![^\W_])[{UPPER}][^\W\d_]{{2,20}}$")
_AFTER_PATRONYM = re.compile(rf"[ \u00a0]{_NAME}")
_INITIALS = re.compile(rf"[{UPPER}]\.(?<![^\W_]..)[ \u00a0]?[{UPPER}]\.")
_BEFORE_INITIALS = re.compile(rf"(?<![^\W_])[{UPPER}][^\W\d_]{{2,25}}[ \u00a0]{{1,2}}$")
_AFTER_INITIALS = re.compile(rf"[ \u00a0]?[{UPPER}][^\W\d_]{{2,25}}")
WINDOW = 64
"""Characters before an ending or initials in which the rest of a name stands."""
_STATES = ("U.S.", "U.K.", "U. S.", "U. K.")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*\.?")
_INITIAL_ONLY = re.compile(rf"[{UPPER}]\.")


def _by_start() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    found: dict[str, dict[tuple[str, re.Pattern[str]], None]] = {}
    for rule in _RULES:
        for word in rule.words:
            found.setdefault(word[:3], {})[word, rule.pattern] = None
    for start, beginning in product(found, found):
        if start != beginning and start.startswith(beginning):
            found[start].update(found[beginning])
    return {start: tuple(rules) for start, rules in found.items()}


def _starts(of: Iterable[str]) -> re.Pattern[str]:
    """Grouped by first letter, which halves the time."""
    rests: dict[str, list[str]] = {}
    for start in sorted(of, key=len, reverse=True):
        rests.setdefault(start[0], []).append(re.escape(start[1:]))
    groups = [f"{re.escape(first)}(?:{'|'.join(tails)})" for first, tails in rests.items()]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(groups)})")


_BY_START = _by_start()
_STARTS = _starts(_BY_START)
"""The first letters of every word: one pass finds where a rule may begin."""


def people(text: str, lowered: str) -> Iterator[Span]:
    """Names of anybody, where their surroundings say that they are names."""
    for start in _STARTS.finditer(lowered):
        at = start.start()
        for word, pattern in _BY_START[start.group()]:
            if lowered.startswith(word, at):
                found = pattern.match(text, at)
                if found is not None:
                    yield from _trimmed(text, found.start("name"), found.end("name"))
    yield from _with_patronym(text, lowered)
    yield from _with_initials(text)


def _with_patronym(text: str, lowered: str) -> Iterator[Span]:
    if not any(piece in lowered for piece in _PATRONYMIC):
        return
    for ending in _PATRONYM.finditer(lowered):
        start = max(0, ending.start() - WINDOW)
        after = _AFTER_PATRONYM.match(text, ending.end())
        before = _BEFORE_PATRONYM.search(text[start : ending.start()])
        if before is None and after is not None:
            before = _CAPITAL_WORD.search(text[start : ending.start()])
        if before is not None:
            end = after.end() if after is not None else ending.end()
            yield from _trimmed(text, start + before.start(), end)


def _with_initials(text: str) -> Iterator[Span]:
    for initials in _INITIALS.finditer(text):
        if initials.group() in _STATES:
            continue
        start = max(0, initials.start() - WINDOW)
        before = _BEFORE_INITIALS.search(text[start : initials.start()])
        after = _AFTER_INITIALS.match(text, initials.end())
        if before is not None:
            yield from _trimmed(text, start + before.start(), initials.end())
        elif after is not None:
            yield from _trimmed(text, initials.start(), after.end())


def _trimmed(text: str, start: int, end: int) -> Iterator[Span]:
    """The name up to a word that is none, e.g. a company or an office."""
    last = start
    for word in _WORD.finditer(text, start, end):
        plain = word.group().lower().replace("ё", "е").rstrip(".")
        if plain in NOT_NAMES or plain in _NOBODY:
            break
        last = word.end()
    name = text[start:last]
    if any(len(w) > 1 and _INITIAL_ONLY.fullmatch(w) is None for w in name.split()):
        yield Span(
            start, last if _INITIAL_ONLY.search(name[-2:]) else start + len(name.rstrip(".")), Kind.NAME
        )


_NOBODY = words_of(
    "sir sirs madam all everyone colleagues colleague friends ladies gentlemen partner partners manager there again team hr"
    " we you it he she they what when where why how please thank thanks your our my this that these is are was not no yes"
    " monday tuesday wednesday thursday friday saturday sunday january february march april june july august september"
    " october november december mr mrs ms miss dr usd eur kzt rub iban swift id pdf sms pin atm vip ltd llp inc english"
    " russian kazakh visa mastercard kaspi halyk almaty astana london windows android iphone google apple samsung the best"
    " господа коллеги партнеры друзья клиенты клиент сотрудники все администрация руководство менеджер команда"
    " дирекция специалисты оператор операторы редакция покупатель продавец господин госпожа товарищи соседи жильцы"
    " я мы вы он она они это прошу просим хочу когда где как почему что если до после не да нет ваш наш мой спасибо"
    " понедельник вторник среда четверг пятница суббота воскресенье алматы астана москва казахстан россия рк рф"
    " тоо ооо ип ао оао зао жшс ақ жк гу мвд рнн бин иин ул г смс пин visa kaspi"
    " құрметті әріптестер достар клиенттер клиент мырза ханым барлық барлығыңыз мен біз сіз сіздер ол олар бұл қашан қайда"
    " неге қалай егер рахмет өтінемін қазақстан"
)
"""Words with a capital letter where a name may stand."""

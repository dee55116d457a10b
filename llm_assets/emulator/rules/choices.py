"""Classification: which of a few described choices a text is about, by keywords in English, Russian and Kazakh.

Words are compared by stems and synonyms. The confidence follows from the margin between the best two choices: it is low
when nothing matches or when two choices are close. Words by which facts are found are in `lexicon.py`.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

WORD = re.compile(r"[^\W\d_]{3,}")
MEMO_LIMIT = 200_000
NAME_WEIGHT, DESCRIPTION_WEIGHT, SYNONYM = 2.0, 1.0, 0.8
CLOSE_MARGIN = 0.25
SAYS_SOMETHING = 4
"""Words besides those of every mail, from which on a text is about something."""
OTHERS = ("other", "none", "general", "unknown", "misc", "прочее", "другое", "басқа")

STOP = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "how",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "can",
        "does",
        "did",
        "has",
        "have",
        "are",
        "was",
        "were",
        "not",
        "from",
        "into",
        "about",
        "your",
        "you",
        "our",
        "their",
        "its",
        "any",
        "all",
        "this",
        "that",
        "there",
        "here",
        "would",
        "could",
        "should",
        "please",
        "need",
        "want",
        "get",
        "etc",
        "как",
        "что",
        "где",
        "когда",
        "какой",
        "какая",
        "какие",
        "кто",
        "это",
        "для",
        "или",
        "при",
        "про",
        "мой",
        "моя",
        "мои",
        "мне",
        "меня",
        "нас",
        "наш",
        "ваш",
        "вас",
        "вам",
        "есть",
        "был",
        "была",
        "было",
        "быть",
        "если",
        "уже",
        "ещё",
        "еще",
        "очень",
        "также",
        "только",
        "чтобы",
        "почему",
        "можно",
        "нужно",
        "пожалуйста",
        "және",
        "мен",
        "үшін",
        "бұл",
        "осы",
        "сол",
        "қалай",
        "қашан",
        "қайда",
        "неге",
        "маған",
        "менің",
        "сіз",
        "сіздің",
        "біз",
        "біздің",
        "бар",
        "жоқ",
        "керек",
        "болды",
        "бола",
        "туралы",
        "customer",
        "client",
        "asks",
        "question",
        "questions",
        "message",
        "mail",
        "email",
        "letter",
        "клиент",
        "вопрос",
        "вопросы",
        "письмо",
        "хат",
        "сұрақ",
    ]
)

SYNONYMS: tuple[tuple[str, ...], ...] = tuple(
    tuple(line.split())
    for line in """
card карт карточк
arriv deliver shipping достав прибы пришл жетк келмед келді
refund return возвр верн вернит қайтар
transfer перевод перевест перевел аудар
payment pay paid оплат платеж плат төле төлем
account счет счёт шот есепшот
password pin passcode парол пин құпия
login signin вход войти авториз кіру кіре
complaint complain жалоб претенз шағым
invoice счёт-фактур инвойс фактур
contract agreement договор контракт соглашен келісім шарт
loan credit mortgage кредит займ ипотек несие қарыз
fee charge commission комисс сбор алым
block lost stolen freeze заблок украл утер потер бұғат жоғал ұрла
order заказ тапсырыс
document paper документ құжат
certificate reference справк сертификат анықтама
appointment booking schedule запис приём прием қабылда жазыл
broken fault defect damaged сломан неисправ брак дефект поврежд бұзыл ақау
price cost стоимост цена цены баға
warranty guarantee гарант кепіл
address адрес мекен
tax налог салық
salary wage зарплат жалақ
exchange currency обмен валют курс айырбас бағам
limit лимит шектеу
cash atm banknote налич банкомат қолма-қол
app application mobile приложен мобильн қосымша
request application заявк заявлен обращен өтініш өтінім сұрау
job vacancy career ваканс резюме работ жұмыс
permit licence license лиценз разреш рұқсат
housing apartment rent жиль квартир аренд тұрғын пәтер
road street repair дорог улиц ремонт жол көше жөндеу
water heating вода воды водо отоплен жылу суды
garbage waste trash мусор отход қоқыс
school education школ образован мектеп білім
kindergarten preschool детсад детск балабақша
benefit allowance subsidy пособ льгот субсид жәрдемақы төлемақы
subscription subscribe подписк жазылым
cancel отмен аннулир жою
verify identity passport удостоверен личност паспорт подтвержд куәлік растау
size fit размер өлшем
stock available наличи склад қойма
discount promo coupon скидк акци промокод жеңілдік
tracking track отслеж трек бақыла
error failed fail ошибк сбой қате
duplicate twice дважды повторн екі рет
balance topup пополн баланс толтыр
spam advertising newsletter реклам рассылк жарнама
thank gratitude благодар спасиб рахмет алғыс
registration register регистр тірке
deadline срок мерзім
""".strip().splitlines()
)


DoubtWord = Literal["none", "two_fit", "several_matters", "too_little", "none_fits"]
DOUBT_WORDS: frozenset[str] = frozenset(get_args(DoubtWord))


@dataclass(frozen=True, slots=True)
class Choice:
    name: str
    description: str = ""


class Verdict(NamedTuple):
    best: str
    runner_up: str | None
    confidence: float
    doubt: DoubtWord
    matched: tuple[str, ...]
    """Stems of the text that count for the best choice."""


def stem(word: str) -> str:
    """The beginning that the inflected forms of a word share; long enough that unrelated words rarely share it."""
    size = len(word)
    if word.isascii():
        return word if size <= 4 else word[: size - 1] if size <= 6 else word[: size - 2]
    return word if size <= 3 else word[:4] if size <= 5 else word[: min(size - 2, 7)]


class Vocabulary:
    """The stems of a set of choices. Words already seen are remembered with the stems they match."""

    def __init__(self, choices: tuple[Choice, ...]) -> None:
        self.choices = choices
        weights: list[dict[str, float]] = [_stems(choice) for choice in choices]
        owners: dict[str, int] = {}
        for found in weights:
            for key in found:
                owners[key] = owners.get(key, 0) + 1
        self._index: dict[str, list[tuple[int, float]]] = {}
        for at, found in enumerate(weights):
            for key, weight in found.items():
                self._index.setdefault(key, []).append((at, weight / owners[key]))
        self._own = [frozenset(found) for found in weights]
        self._lengths = sorted({len(key) for key in self._index})
        self._seen: set[str] = set()
        self._known: dict[str, tuple[str, ...]] = {}
        self._other = next(
            (at for at, choice in enumerate(choices) if choice.name.lower().split("_")[0] in OTHERS), None
        )

    def judge(self, words: frozenset[str]) -> Verdict:
        """`words` are lower-case and may carry punctuation."""
        if len(self._seen) > MEMO_LIMIT:
            self._seen.clear()
            self._known.clear()
        self._learn(words - self._seen)
        scores = [0.0] * len(self.choices)
        keys: set[str] = set()
        for word in words & self._known.keys():
            keys.update(self._known[word])
        for key in keys:
            for at, weight in self._index[key]:
                scores[at] += weight
        return self._verdict(scores, keys, words)

    def _learn(self, words: Collection[str]) -> None:
        for raw in words:
            found = tuple(key for word in WORD.findall(raw) for key in self._prefixes(word))
            if found:
                self._known[raw] = found
        self._seen.update(words)

    def _prefixes(self, word: str) -> list[str]:
        if word in STOP:
            return []
        ascii_word = word.isascii()
        return [
            word[:size]
            for size in self._lengths
            if (
                size <= len(word)
                and word[:size] in self._index
                and len(word) - size <= (0 if size <= 3 else 5 if ascii_word else 8)
            )
            or (size == len(word) - 1 and word[-1] == "s" and word[:size] in self._index)
        ]

    def _verdict(self, scores: list[float], keys: set[str], words: frozenset[str]) -> Verdict:
        ranked = sorted(range(len(scores)), key=lambda at: (-scores[at], at))
        top = ranked[0]
        if scores[top] <= 0:
            best = self._other if self._other is not None else top
            return Verdict(self.choices[best].name, None, 0.2, self._unmatched(words), ())
        second = ranked[1] if len(ranked) > 1 and scores[ranked[1]] > 0 else None
        margin = 1.0 if second is None else (scores[top] - scores[second]) / scores[top]
        confidence = 0.4 + 0.57 * margin**0.6 * min(1.0, scores[top] / 2.5)
        matched = tuple(sorted(keys & self._own[top]))
        runner_up = None if second is None else self.choices[second].name
        doubt: DoubtWord = "two_fit" if margin < CLOSE_MARGIN else "none"
        return Verdict(self.choices[top].name, runner_up, round(confidence, 2), doubt, matched)

    @staticmethod
    def _unmatched(words: Collection[str]) -> DoubtWord:
        """Why no word counts: few words say too little, many say something else than the choices describe."""
        said = {word for raw in words for word in WORD.findall(raw) if word not in STOP}
        return "none_fits" if len(said) >= SAYS_SOMETHING else "too_little"


def _stems(choice: Choice) -> dict[str, float]:
    found: dict[str, float] = {}
    parts = (
        (choice.name.replace("_", " ").replace("-", " "), NAME_WEIGHT),
        (choice.description, DESCRIPTION_WEIGHT),
    )
    for text, weight in parts:
        for word in WORD.findall(text.lower()):
            if word not in STOP:
                _add(found, stem(word), weight)
                for other in _synonyms(word):
                    _add(found, other, weight * SYNONYM)
    return found


def _add(found: dict[str, float], key: str, weight: float) -> None:
    found[key] = max(found.get(key, 0.0), weight)


def _synonyms(word: str) -> Iterable[str]:
    for group in SYNONYMS:
        if any(word.startswith(member) and len(word) - len(member) <= 6 for member in group):
            yield from group

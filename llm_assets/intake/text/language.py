"""Which language a text is in: `en`, `ru`, `kk`, another ISO 639-1 code, `mul` for a mixture, `und` for none.

Letters decide between Russian and Kazakh where they can; a statistical model decides the rest.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any, NamedTuple

from llm_assets.intake.text import romanised

MAX_JUDGED = 4_000
_CYRILLIC_SHARE = 4
"""One Cyrillic letter in four decides: product names and addresses stand in Latin letters everywhere."""
_KAZAKH = re.compile("[әғқңөұүһі]", re.I)
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_WORD = re.compile(r"[^\W\d_]{2,}")
"""Single letters of far alphabets are the faces people draw with them."""
_LETTER = re.compile(r"[^\W\d_]")
_LETTERS = re.compile(r"[^\W\d_]+")
_NOISE = re.compile(
    r"https?://\S+|www\.\S+|(?<!\S)\S{1,100}@\S+|<[^>\s]*>|\bX{2,}\b|(?<![\w.-])[\w.-]{1,100}\.(?:com|ru|kz|org|net|example)\b"
)
_RUSSIAN_WORDS = frozenset(
    re.findall(
        r"\w+",
        "и не на что это но как еще ещё очень все всё почему для есть нет я вы мы у по с к о в из за от до только можно мне"
        " меня мой где когда если или был была было были буду будь уже при так то же бы чтобы здравствуйте добрый день"
        " пожалуйста",
    )
)
_KAZAKH_WORDS = frozenset(
    re.findall(
        r"\w+",
        "бар жок жақсы жаксы керек емес мен сен сіз сиз бул осы деп болып болады болмайды болса рахмет неге калай қалай ушин"
        " тек барлыгы барлық барлык адам екен кандай қандай дурыс жасап алып берди берип кайда коп ман дан гана саламатсыз"
        " салем сәлем казак тенге маган сизге сіздер сиздер жатыр отыр тур еди еді едим едім жаман керемет унайды турады кой"
        " кана алмай болмай береди береді келеди келеді болды болді кылып дейди дейді енди енді бир бер ал айт сагат кун жыл",
    )
)
_KAZAKH_ENDINGS = frozenset(
    re.findall(
        r"\w+",
        "дын дин тын тин нын нин лар лер дар дер тар тер ган ген кан кен мыз миз сыз сиз ады еди йды йди майды мейди пты пти"
        " дык дик гыз гиз лык лик дагы деги тагы теги нан нен тан тен",
    )
)
_RUSSIAN_ENDINGS = frozenset(
    re.findall(
        r"\w+",
        "ть ться ет ют ого его ому ему ый ий ая ое ые ых их ами ями ов ев ость ение ания ции ция ешь ишь лся лась",
    )
)


_KAZAKH_ALONE = re.compile("[әғқңөұүһ]", re.I)
_UKRAINIAN = re.compile("[їєґ]", re.I)
_LATIN_LANGUAGES = frozenset(
    re.findall(
        r"\w+", "en de fr es it pt nl pl cs sk ro hu tr az uz sv da no nb fi et lv lt hr sl sq id ms vi tl sw"
    )
)
"""Languages that write to an office here in Latin letters; the model knows 97 and takes capitals for Lingala."""


class _Shares(NamedTuple):
    kazakh: float
    russian: float


def detect(text: str) -> str:
    """Language of the text. Paragraphs in different languages make `mul`."""
    cleaned = _NOISE.sub(" ", text[: MAX_JUDGED * 2])[:MAX_JUDGED]
    if len(_LETTER.findall(cleaned)) < 2:
        return "und"
    whole = _of_one(cleaned)
    paragraphs = [p for p in re.split(r"\n\s*\n", cleaned) if len(_LETTER.findall(p)) >= 20]
    found = {_of_one(p) for p in paragraphs if _certain(p)}
    if len(found) > 1 and found <= {"ru", "kk", "en"}:
        return "mul"
    return whole


def _certain(paragraph: str) -> bool:
    """Enough words to tell a second language from a name or a product."""
    if len(_CYRILLIC.findall(paragraph)) * 2 > len(_LETTER.findall(paragraph)):
        shares = _shares(paragraph)
        return abs(shares.kazakh - shares.russian) > 0.15
    return len(paragraph.split()) >= 5


def _of_one(text: str) -> str:
    letters = sum(map(len, _WORD.findall(text)))
    cyrillic, latin = len(_CYRILLIC.findall(text)), len(_LATIN.findall(text))
    if (
        cyrillic
        and cyrillic * _CYRILLIC_SHARE >= cyrillic + latin
        and cyrillic * _CYRILLIC_SHARE >= letters - latin
    ):
        return _of_cyrillic(text)
    if latin * 2 >= letters:
        return _of_latin(text, latin)
    return _ranked(text)


def _shares(text: str) -> _Shares:
    words = _LETTERS.findall(text.lower())
    total = max(1, len(words))
    kazakh = russian = 0.0
    for word in words:
        kazakh += (_KAZAKH.search(word) is not None) + (word in _KAZAKH_WORDS)
        kazakh += 0.5 * _ends(word, _KAZAKH_ENDINGS, stem=3)
        russian += (word in _RUSSIAN_WORDS) + 0.6 * _ends(word, _RUSSIAN_ENDINGS, stem=2)
    return _Shares(min(1.0, kazakh / total), min(1.0, russian / total))


def _ends(word: str, endings: Collection[str], *, stem: int) -> bool:
    return any(word[-n:] in endings for n in range(2, min(6, len(word) - stem + 1)))


def _of_cyrillic(text: str) -> str:
    if len(_UKRAINIAN.findall(text)) * 60 > len(text) and not _KAZAKH_ALONE.search(text):
        return "uk"
    shares = _shares(text)
    if abs(shares.kazakh - shares.russian) > 0.1:
        return "kk" if shares.kazakh > shares.russian else "ru"
    return _ranked(text, among=("ru", "kk"))


def _of_latin(text: str, letters: int) -> str:
    """English unless the text is long enough to be sure of another language, or is Russian or Kazakh in disguise."""
    disguised = romanised.language_of(text)
    if disguised is not None:
        return disguised
    return _ranked(text.lower(), among=_LATIN_LANGUAGES) if letters >= 60 else "en"


def _ranked(text: str, *, among: Collection[str] = ()) -> str:
    """The model's most probable language of those named, of all when none is; `und` for one without ISO 639-1 code."""
    codes = (str(code) for code, _ in _model().rank(text))
    return next((c for c in codes if c in among or (not among and len(c) == 2)), "und")


@lru_cache(maxsize=1)
def _model() -> Any:  # the library ships no types
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

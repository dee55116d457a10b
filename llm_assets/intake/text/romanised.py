"""Russian and Kazakh written in Latin letters: "zdravstvuyte, gde moya karta", "Salem, menin kartam qaida".

People spell as they like, so everyday words of both languages are spelled here in every usual way and looked for.
Careful on purpose: a mail in Polish or Turkish that is taken for Russian gets an answer nobody can read.
"""

import re
from functools import lru_cache
from itertools import product
from typing import NamedTuple

MAX_WORDS = 400
STRONG = 5
"""Letters from which a word is evidence; shorter ones are words in many languages and only count beside one."""
_SHARE = 0.3
"""Least part of the words that has to be known."""
_WORDS = re.compile(r"[a-z\u00c0-\u024f'’`]+")

_RUSSIAN = """
здравствуйте здраствуйте здрасте добрый день вечер привет спасибо пожалуйста извините прошу подскажите скажите помогите помощь почему зачем
когда где куда какой какая какие сколько можно нужно надо могу может можете хочу хотел хотела есть нет мой моя мое мои моей
моего моему мою мне меня мной нас нам наш наша вас вам ваш ваша ваши что чтобы который которая которые это этот эта эту если
или уже еще пока все всё очень только после потом сегодня вчера завтра сейчас давно опять снова вообще просто тоже карта
карту карты карте картой деньги денег счет счета заказ заказа заказы посылка посылку доставка доставку доставки оплата
оплатил оплатила платеж перевод перевел пришла пришел пришло пришли придет приходит получил получила получить отправил
отправила отправили верните вернуть возврат списали сняли снять работает работают приложение приложения пароль войти зайти
номер телефон телефона адрес договор кредит кредита банка банкомат магазин товар товара сломался сломалась ошибка ошибку
ошибки проблема проблему вопрос ответ ответьте жду ждать срочно обращаюсь звонил звонила позвоните человек дня дней неделя
недели неделю месяц месяца назад жалоба жалобу заявление документ документы сайт сайте заблокировали заблокирована потерял
потеряла украли подключить отключить изменить закрыть открыть узнать сделать сделал понимаю знаю говорит говорят пишет писал
писала видео канал канале аккаунт страница страницу загрузить скачать добавить удалить восстановить происходит появляется
"""
_KAZAKH = """
сәлем сәлеметсіз сәлеметсіздер саламатсыз саламатсызба сәлеметсізбе рахмет рақмет өтінемін өтініш кешіріңіз менің мені маған
менде мен сіздің сіздерге сізге сіз сіздер біз бізге біздің қайда қашан қалай қандай қанша неге неліктен кім бар жоқ емес
керек болады болмайды болды болған болып болса болмай екен деп үшін бірақ және немесе осы бұл соны енді әлі қазір бүгін кеше
ертең картам карта картаны картамды картамның картама ақша ақшам ақшаны ақшамды төлем төлемді төледім тапсырыс тапсырысым
тапсырысты жеткізу келмеді келді келеді келмей келген жатыр отыр тұр алдым алмадым беріңіз беріңізші бересіз айтыңыз
айтыңызшы көмек көмектесіңіз көмектесіңізші хабарласыңыз жіберіңіз жібердім жіберді қайтару қайтарып қайтарыңыз жұмыс
істемейді істеп істемей кіре алмай алмаймын жатырмын құпиясөз нөмір нөмірі телефоным шотым шот қосымша қосымшаға ашылмайды
мәселе сұрақ сұрағым жауап жауабын күн күні апта теңге сатып дүкен тауар тауарды сынған шығып шықпайды тұрмын білмеймін
білгім келеді жақсы жаман өте адам адамдар көп аз барлық бәрі тек ғана сондықтан дейді айтты жасау жасап жасауға
"""
_FOREIGN = frozenset(
    re.findall(
        r"\S+",
        "the is my and to of a in it for on was not have this that with you your where when please card i be are can will has do"
        " from at but we if so me an as by or hello no how what why there any been want need get jest nie moja moje gdzie kiedy"
        " dlaczego prosze sie dzien dobry czy jak mam moje mojej pan panie byla nadal pieniadze zamowienie"
        " je sam nije kada zasto kartica moja hvala dobar dan si su smo kako li ali kde kdy dobry prosim jsem moje mi proc"
        " neni som nie ktory ve bir bu icin benim nerede kartim degil ne zaman lutfen merhaba var yok mi mu siparis hesap para"
        " salom mening qayerda rahmat kerak emas qachon uchun bilan va nega qanday kartamni pulim yordam bering salam menim haradadir niye"
        " bank und ist die der das meine karte wo nicht ich le la les est ma carte ou je pas de el mi tarjeta donde esta no il"
        " dove mia carta non mijn kaart waar niet het een mitt kort var inte er ikke hvor kude zdraveyte molya moyata sum unde"
        " este mea cardul nu hol van nem kortya kus on minu kaart ei kur mano kortele mana karte ir zdravo gde molim postovani",
    )
)
"""Common words of the languages that share the alphabet; each one found speaks against."""

_SHARED = (
    "kart",
    "telefon",
    "nomer",
    "adres",
    "bank",
    "kredit",
    "dokument",
    "video",
    "kanal",
    "problem",
    "zakaz",
    "magazin",
    "par",
)
"""Beginnings of words that other languages share: they count beside another word and prove nothing alone."""

_SPELLINGS = {
    "а": "a", "б": "b", "в": "v w", "г": "g", "д": "d", "е": "e ye", "ё": "e yo", "ж": "zh j", "з": "z", "и": "i",
    "й": "y j i", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ф": "f", "х": "h kh x", "ц": "ts c", "ч": "ch", "ш": "sh", "щ": "sch shch sh", "ъ": " ", "ы": "y i", "ь": " ",
    "э": "e", "ю": "yu ju u", "я": "ya ja ia", "ә": "a e", "ғ": "g gh", "қ": "q k", "ң": "n ng", "ө": "o", "ұ": "u",
    "ү": "u", "һ": "h", "і": "i y",
}  # fmt: skip
_RUSSIAN_ENDS = re.compile(
    r"(?:(?:ts|c)i(?:ya|yu|i)|[ae]ni(?:ye|ya|yu|yam|yakh|em)|[aiy]ye|[iy]y|[iy]kh|aya|oye|uyu|[aeiou]yut|[aeiuy]tsya|irovat"
    r"|ayte|l(?:sya|as|os|is)|shch\w{1,3}|yakh|yami)$"
)
_KAZAKH_ENDS = re.compile(
    r"(?:[dnt]y[nm]|[dlt]y[kq]|[aeo]id[iy]|ayd[yi]|mady|[dt]agy|yp|y?nyz|ymyz|syz|shy|yndy|lardy)$"
)
_MOST = 600
"""Spellings of one word; a longer word keeps the first ones, which are the most usual."""
_MARKS = str.maketrans(
    "äáàâãöóôõüúûùñňşšśğıïíîīçéèêëýżźžćčłńąęőűř", "aaaaaoooouuuunnsssgiiiiiceeeeyzzzcclnaeour"
)


class _Known(NamedTuple):
    russian: frozenset[str]
    kazakh: frozenset[str]


def language_of(text: str) -> str | None:
    """`ru` or `kk` for text that is surely theirs in Latin letters, `und` where it may be either, None for any other."""
    words = [w.strip("'’`") for w in _WORDS.findall(text.lower())[:MAX_WORDS]]
    words = [w.translate(_MARKS).replace("'", "").replace("’", "").replace("`", "") for w in words if w]
    if not words:
        return None
    known = _known()
    native = [w for w in words if w not in _FOREIGN]
    russian = _like(native, known.russian, _RUSSIAN_ENDS)
    kazakh = _like(native, known.kazakh, _KAZAKH_ENDS)
    found = {*russian, *kazakh}
    own = {w for w in found if not w.startswith(_SHARED)}
    certain = [w for w in own if len(w) > 2 and (w in known.russian or w in known.kazakh)]
    long = sum(len(w) >= 9 for w in certain)
    if not certain or max(map(len, own)) < STRONG or (len(found) < 2 and not (long and len(words) <= 3)):
        return None
    hits, foreign = sum(w in found for w in words), len(words) - len(native)
    if hits < _SHARE * len(words) or foreign >= hits + long:
        return None
    return _which(russian, kazakh)


def _which(russian: list[str], kazakh: list[str]) -> str:
    weights = [sum(min(len(w), 8) for w in set(words)) for words in (russian, kazakh)]
    if weights[0] >= 1.5 * weights[1]:
        return "ru"
    return "kk" if weights[1] >= 1.5 * weights[0] else "und"


def _like(words: list[str], known: frozenset[str], endings: re.Pattern[str]) -> list[str]:
    """Known words, and long ones that end as only this language in Latin letters does."""
    return [w for w in words if w in known or (len(w) >= STRONG and endings.search(w) is not None)]


@lru_cache(maxsize=1)
def _known() -> _Known:
    return _Known(
        *(frozenset(s for w in words.split() for s in _spelled(w)) for words in (_RUSSIAN, _KAZAKH))
    )


def _spelled(word: str) -> list[str]:
    ways = [_SPELLINGS[letter].split() or [""] for letter in word]
    out: list[str] = []
    for spelling in product(*ways):
        out.append("".join(spelling))
        if len(out) >= _MOST:
            break
    return [s for s in out if len(s) >= 2]

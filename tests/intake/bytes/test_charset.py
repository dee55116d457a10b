"""Text comes out whole whatever its charset was said to be."""

import random
import subprocess
import sys

import pytest

from llm_assets.intake.bytes.charset import decode
from tests.support.mail.written_mail import mail, read

RUSSIAN = "Добрый день, подскажите, где мой заказ? Жду ответа."
KAZAKH = "Сәлеметсіз бе, картам қашан дайын болады? Өтінемін, жауап беріңіз."
UKRAINIAN = "Доброго дня, коли приїде моє замовлення? Чекаю на її доставку."
FRENCH = "Voilà, le café était fermé à midi."


@pytest.mark.parametrize(
    ("text", "real", "declared"),
    [
        (UKRAINIAN, "cp1251", None),
        (RUSSIAN, "utf-8", "iso-8859-1"),
        (RUSSIAN, "utf-8", "windows-1251"),
        (RUSSIAN, "utf-8", None),
        (RUSSIAN, "cp1251", "us-ascii"),
        (RUSSIAN, "cp1251", "iso-8859-1"),
        (RUSSIAN, "cp1251", "x-unknown"),
        (RUSSIAN, "cp1251", "utf-8"),
        (RUSSIAN, "koi8-r", "windows-1251"),
        (RUSSIAN, "koi8-r", None),
        (RUSSIAN, "cp866", None),
        (RUSSIAN, "utf-16-le", "utf-8"),
        (RUSSIAN, "utf-16-be", None),
        (KAZAKH, "kz1048", "windows-1251"),
        (KAZAKH, "kz1048", None),
        (KAZAKH, "utf-8", "us-ascii"),
        (RUSSIAN, "cp1251", "windows-1250"),
        (RUSSIAN, "cp1251", "windows-1254"),
        (RUSSIAN, "cp1251", "iso-8859-2"),
        (RUSSIAN, "utf-8", "gb2312"),
        (RUSSIAN, "utf-8", "shift_jis"),
        (RUSSIAN, "utf-8", "utf-16"),
        (RUSSIAN, "utf-16-be", "utf-16"),
        ("주문이 어디 있습니까", "iso2022_kr", None),
        (FRENCH, "cp1252", "utf-8"),
        (FRENCH, "latin-1", None),
    ],
)
def test_a_wrong_or_missing_charset_is_seen_through(text: str, real: str, declared: str | None) -> None:
    found = decode(text.encode(real), declared)
    assert found.text == text
    assert found.guessed


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (RUSSIAN, "windows-1251"),
        (RUSSIAN, "koi8-r"),
        (FRENCH, "iso-8859-1"),
        (KAZAKH, "utf-8"),
        ("Grüße", "latin-1"),
        ("Zażółć gęślą jaźń, proszę o szybką odpowiedź. Dziękuję.", "cp1250"),
        ("Siparişim nerede, lütfen bana bildirin. Teşekkür ederim, iyi günler.", "cp1254"),
        ("注文した商品がまだ届いていません。至急確認してください。", "cp932"),
        ("订单还没有收到，请尽快回复，谢谢。", "gb18030"),
        ("주문한 상품이 아직 도착하지 않았습니다.", "x-windows-949"),
        (RUSSIAN, "macintosh-cyrillic"),
    ],
)
def test_a_right_charset_is_believed(text: str, charset: str) -> None:
    real = {"x-windows-949": "cp949", "macintosh-cyrillic": "mac_cyrillic"}.get(charset, charset)
    found = decode(text.encode(real), charset)
    assert found.text == text
    assert not found.guessed


@pytest.mark.parametrize("added", ["cp1251", "koi8-r"])
def test_lines_that_a_gateway_added_in_another_charset_are_read_too(added: str) -> None:
    note = "Письмо проверено, вирусов и вложений нет."
    assert decode(f"{KAZAKH}\n".encode() + note.encode(added), "utf-8").text == f"{KAZAKH}\n{note}"
    assert decode(note.encode(added) + f"\n{RUSSIAN}".encode(), None).text == f"{note}\n{RUSSIAN}"


def test_text_that_was_decoded_wrongly_once_before_is_mended() -> None:
    damaged = RUSSIAN.encode().decode("cp1251", "replace")
    assert "\ufffd" not in damaged
    assert decode(damaged.encode(), "utf-8").text == RUSSIAN


def test_english_with_one_dash_is_left_alone() -> None:
    text = "It’s fine – thanks"
    assert decode(text.encode("cp1252"), "windows-1252").text == text


def test_utf8_cut_inside_a_character_loses_only_that_character() -> None:
    assert decode(RUSSIAN.encode()[:-3] + b"\xd0", "utf-8").text == RUSSIAN.encode()[:-3].decode(
        "utf-8", "ignore"
    )


def test_a_raw_subject_is_read_in_the_charset_of_the_body() -> None:
    data = mail(RUSSIAN, content_type="text/plain; charset=windows-1251", charset="cp1251")
    data = data.replace(b"Subject: Card", b"Subject: " + "Заявка".encode("cp1251"))
    assert read(data).subject == "Заявка"


def test_encoded_words_cut_inside_a_character_are_joined() -> None:
    first, second = "Привет".encode()[:3].hex("=", 1), "Привет".encode()[3:].hex("=", 1)
    subject = f"=?utf-8?q?={first}?=\r\n =?utf-8?q?={second}?= and more"
    assert read(mail("x", subject=subject)).subject == "Привет and more"


def test_a_line_break_smuggled_into_a_subject_stays_one_line() -> None:
    assert "\n" not in read(mail("x", subject="=?utf-8?q?one=0D=0ABcc:_x@y.example?=")).subject


def test_a_guessed_charset_is_flagged() -> None:
    assert "charset_guessed" in read(mail(RUSSIAN, content_type="text/plain", charset="cp1251")).flags


CYRILLIC = ("cp1251", "koi8-r", "cp866", "iso8859-5", "kz1048", "ptcp154", "utf-8")
HEADERS = {
    "two words, Russian": """
        доставка опоздала|заявка принята|проверьте баланс|карта заблокирована|новый договор|перенос встречи
        отмена брони|сломался чайник|просим уточнить|двойное списание|жалоба клиента|забыли пароль|курьер уехал
        акт сверки|смена тарифа|пропал интернет|вернуть товар|благодарю вас|горячая линия|счёт фактура
        зимняя скидка|Важное объявление|Повторный запрос|Сергей Лапшин|Галина Ермакова|Отдел снабжения
        Служба поддержки|Фото паспорта|утеря ключа|график отпусков|СРОЧНЫЙ ЗАПРОС|ВЕРНИТЕ ДЕНЬГИ|ОТМЕНА ЗАКАЗА
    """,
    "two words, Kazakh": """
        шотым бұғатталды|төлем өтпеді|қайтару өтініші|кездесу уақыты|жаңа келісім|жеткізу кешікті
        құпиясөзді ұмыттым|көлік тұрағы|есеп беру|қызмет көрсету|жұмыс кестесі|тауар ақаулы|ақша түспеді
        шағым қалдыру|үй мекенжайы|балабақша кезегі|Айгүл Серікова|Нұрлан Қасымов|Ерлан Әбдіров
        сақтандыру мерзімі|пәтер жалдау|тіркеу нөмірі|Қолдау қызметі|өтемақы төлеу|билет брондау
        жөндеу бригадасы|екі рет|лифт тоқтады|әлеуметтік көмек|кітап дүкені|ЖҰМЫС УАҚЫТЫ|ҚОЛДАУ ҚЫЗМЕТІ
    """,
    "four words, Russian": """
        Почему курьер опять опоздал|Прошу вернуть деньги скорее|Не могу войти сегодня|Где лежит моя посылка
        Уточните срок ремонта лифта|Повторная жалоба на охрану|Отправляю договор на подпись
        Нужна справка об остатке|Забыл код от телефона|Перенесите встречу на четверг
        Вопрос по зимнему тарифу|Сломалась дверца нового шкафа|Замените повреждённый экран часов
        Благодарю за быструю помощь|Списали комиссию два раза|Закройте мой старый счёт
        Подскажите адрес вашего склада|Ошибка при оплате парковки|Жду звонка вашего мастера
        Заявка на пропуск гостя|ПРОШУ ВЕРНУТЬ МОЙ БИЛЕТ|ЗАМЕНИТЕ СЛОМАННЫЙ ЧАЙНИК СЕГОДНЯ
    """,
    "four words, Kazakh": """
        Менің шотым неге жабық|Төлем екі рет алынды|Тауарды қалай қайтарып беремін
        Кездесуді жұмаға ауыстыру керек|Құпиясөзді қайта орнату мүмкін|Жеткізу уақыты қашан белгілі
        Көлік тұрағына рұқсат беріңіз|Лифт үшінші күн істемейді|Шағымыма жауап күтіп отырмын
        Қолдау қызметіне рақмет айтамын|Жаңа келісімге қол қойдым|Балабақша кезегін тексеріп беріңіз
        Ақша әлі түскен жоқ|Пәтер жалдау туралы сұрақ|Тіркеу нөмірін өзгерту өтініші
        ШОТЫМДЫ ҚАЙТА АШЫП БЕРІҢІЗ|ЖӨНДЕУ БРИГАДАСЫН ТЕЗ ЖІБЕРІҢІЗ
    """,
}
ENGLISH = ("It’s late", "Parking – gate 4", "Café booking", "“Lost” parcel", "José Núñez", "Zoë’s new résumé")


def written(kind: str, charset: str) -> list[str]:
    """The headers of a kind that can be written in the charset at all."""
    headers = [part.strip() for line in HEADERS[kind].split("\n") for part in line.split("|") if part.strip()]
    return [header for header in headers if header.encode(charset, "replace").decode(charset) == header]


@pytest.mark.parametrize(
    ("kind", "charset", "least"),
    [
        (kind, charset, 0.93 if kind.startswith("two") else 1.0)
        for kind in HEADERS
        for charset in CYRILLIC
        if len(written(kind, charset)) >= 10
    ],
)
def test_short_headers_without_a_charset_are_read(kind: str, charset: str, least: float) -> None:
    headers = written(kind, charset)
    wrong = [header for header in headers if decode(header.encode(charset), None).text != header]
    assert 1 - len(wrong) / len(headers) >= least, wrong


@pytest.mark.parametrize(("words", "least"), [("two", 0.98), ("four", 1.0)])
def test_the_share_of_short_headers_that_are_read(words: str, least: float) -> None:
    cases = [
        (header, charset)
        for kind in HEADERS
        if kind.startswith(words)
        for charset in CYRILLIC[:-1]
        for header in written(kind, charset)
    ]
    wrong = [case for case in cases if decode(case[0].encode(case[1]), None).text != case[0]]
    assert 1 - len(wrong) / len(cases) >= least, wrong


@pytest.mark.parametrize("header", ENGLISH)
def test_an_english_header_is_not_taken_for_cyrillic(header: str) -> None:
    assert decode(header.encode("cp1252"), None).text == header


@pytest.mark.parametrize("kind", ["two words, Kazakh", "four words, Kazakh"])
def test_a_kazakh_header_is_read_in_a_mail_that_says_windows_1251(kind: str) -> None:
    headers = written(kind, "kz1048")
    wrong = [h for h in headers if decode(h.encode("kz1048"), None, hint="windows-1251").text != h]
    assert len(wrong) <= 2, wrong


@pytest.mark.parametrize("charset", ["koi8-r", "mac-cyrillic"])
def test_a_header_is_read_in_the_charset_of_the_body(charset: str) -> None:
    headers = written("two words, Russian", charset)
    wrong = [h for h in headers if decode(h.encode(charset), None, hint=charset).text != h]
    assert len(wrong) <= 1, wrong


def test_a_kazakh_text_of_many_sentences_is_not_taken_for_cp1251() -> None:
    text = "Төлем екі рет алынды. Лифт үшінші күн істемейді, жөндеу бригадасын тез жіберіңіз. " * 40
    assert decode(text.encode("kz1048"), None).text == text


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("荷物はいつ届きますか、教えてください。", "cp932"),
        ("请问我的包裹什么时候可以到，请尽快回复我。", "gb18030"),
        ("請問我的包裹什麼時候可以到，請儘快回覆我。", "big5"),
        ("กรุณาคืนเงินให้ฉันด้วยค่ะ", "cp874"),
    ],
)
def test_a_charset_that_the_house_does_not_know_is_recognised(text: str, charset: str) -> None:
    assert decode(text.encode(charset), None).text == text


def test_one_damaged_character_does_not_hide_a_charset() -> None:
    text = "荷物はいつ届きますか、教えてください。返金もお願いします。注文番号は後で送ります。\n" * 3
    found = decode(b"\xf5e \xfc\xfc\n\n" + text.encode("cp932"), None)
    assert found.text.endswith(text)
    assert "\ufffd" not in found.text


def test_a_mail_that_declares_its_charset_does_not_load_the_detector() -> None:
    program = (
        "import sys; from llm_assets.intake.bytes.charset import decode;"
        "decode(sys.argv[1].encode('cp1251'), 'windows-1251'); decode(sys.argv[1].encode(), None);"
        "print('chardet' in sys.modules); decode(sys.argv[1].encode('koi8-r'), None); print('chardet' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, RUSSIAN], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("hint", [None, "windows-1251", "punycode", "undefined", "utf-7", "mac-cyrillic"])
def test_bytes_that_are_no_text_are_decoded_all_the_same(hint: str | None) -> None:
    made = random.Random(12)
    for length in (1, 2, 9, 40, 200):
        for _ in range(40):
            decode(made.randbytes(length) + b"\xf3", None, hint=hint)


@pytest.mark.parametrize("declared", ["punycode", "idna", "undefined", "unicode_escape"])
def test_a_codec_that_is_no_charset_is_not_believed(declared: str) -> None:
    assert decode(RUSSIAN.encode("cp1251"), declared).text == RUSSIAN

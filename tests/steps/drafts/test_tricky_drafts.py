"""Drafts that only a close reading tells apart: what a careful colleague would send, and what nobody may."""

from time import process_time

import pytest

from llm_assets.domain.desk.queue import Language
from llm_assets.steps.drafts.defects import defects_of
from llm_assets.steps.drafts.facts import Facts

ARRIVAL = "A new card takes 5 to 7 working days. The courier calls the day before. Track it at bank.altyn.example/track."
TARIFF = "The card costs 300 KZT a month, nothing when purchases exceed 50 000 KZT in the month. Cash up to 300 000 KZT a month is free at our machines, then 1 percent."
STOLEN = "Block the card at once in the app or by calling 7700 (round the clock). We never ask for a code or a PIN. A charge the customer did not make is disputed within 30 days of the statement."
REFUND = "A refund takes 10 working days. Возврат оформляется в разделе «Мои заказы»."

CAREFUL: list[tuple[Language, str, str, str]] = [
    (
        "en",
        STOLEN,
        "my card was stolen",
        "Please call 7700, which is available 24/7, or block the card in the app.",
    ),
    (
        "ru",
        STOLEN,
        "украли карту",
        "Позвоните на 7700 — линия работает 24/7 — или заблокируйте карту в приложении.",
    ),
    (
        "en",
        ARRIVAL,
        "when will my card arrive? I waited 2 weeks",
        "We understand that you have been waiting for two weeks. A new card takes 5 to 7 working days. A colleague will find out what happened.",
    ),
    (
        "ru",
        ARRIVAL,
        "жду карту уже 12 дней",
        "Вы ждёте карту уже 12 дней, это дольше обычного: выпуск занимает от 5 до 7 рабочих дней. Коллега проверит, где она.",
    ),
    (
        "kk",
        ARRIVAL,
        "карта қайда? 12 күн күттім",
        "Сіз картаны 12 күн күткеніңізді түсінеміз. Әдетте 5–7 жұмыс күні кетеді, курьер бір күн бұрын хабарласады.",
    ),
    (
        "en",
        REFUND,
        "Where is my refund? Order 55",
        'Your refund for order 55 takes 10 working days. You can see it under "My orders".',
    ),
    (
        "ru",
        REFUND,
        "Где мой возврат? Заказ 55",
        "Возврат по заказу 55 занимает 10 рабочих дней, он оформляется в разделе «Мои заказы».",
    ),
    (
        "kk",
        TARIFF,
        "комиссия неге алынды",
        "Карта айына 300 теңге тұрады, айдағы сатып алу 50 000 теңгеден асса, ақы алынбайды.",
    ),
    (
        "en",
        TARIFF,
        "why 300 tenge?",
        "The card costs three hundred tenge a month, and nothing in a month in which you spend more than fifty thousand tenge.",
    ),
    ("ru", TARIFF, "за что 300", "Плата 300 ₸ в месяц не берётся, если покупки за месяц превысили 50 000 ₸."),
    (
        "en",
        ARRIVAL,
        "When? I ordered it on 3 November",
        "You ordered the card on November 3. It takes five to seven business days, and the courier calls you a day before delivery.",
    ),
    (
        "ru",
        ARRIVAL,
        "Когда карта? Заказал 3 ноября. Пётр",
        "Пётр, мы видим, что Вы заказали карту 3 ноября. Она выпускается 5-7 рабочих дней. Курьер позвонит Вам за день до доставки.",
    ),
    (
        "en",
        STOLEN,
        "fraud on my card",
        "Please block the card in the app at once. Nobody from our bank will ever ask you for your PIN, CVV or SMS code. If you have told anyone your code, change your PIN in the app.",
    ),
    (
        "ru",
        STOLEN,
        "мошенники, я сообщила код",
        "Если Вы уже сообщили код, сразу заблокируйте карту в приложении и смените пароль. Мы не запрашиваем коды и ПИН.",
    ),
    (
        "kk",
        STOLEN,
        "алаяқтарға код айтып қойдым",
        "Картаны қосымшада дереу бұғаттаңыз немесе 7700 нөміріне қоңырау шалыңыз. Біз ешқашан код немесе ПИН сұрамаймыз.",
    ),
    (
        "en",
        ARRIVAL,
        "Salam, kartam kashan keledi",
        "We have your question about the card: it takes 5 to 7 working days. Two things help: tracking at bank.altyn.example/track and the courier's call.",
    ),
    (
        "ru",
        ARRIVAL,
        "Когда карта Mastercard World Elite?",
        "Карта Mastercard World Elite выпускается 5–7 рабочих дней. Её путь виден на bank.altyn.example/track.",
    ),
    (
        "en",
        ARRIVAL,
        "card?",
        "Your card takes 5 to 7 working days. If it has not arrived by then, please reply to this message and we will look into it.",
    ),
    (
        "ru",
        ARRIVAL,
        "Карта? Иванова Мария Петровна",
        "Уважаемая Мария Петровна! Карта выпускается 5–7 рабочих дней, курьер позвонит Вам накануне.",
    ),
    (
        "kk",
        ARRIVAL,
        "Картам қайда, Айжан Сейтқызы",
        "Айжан Сейтқызының картасы бес-жеті жұмыс күнінде шығады. Курьер алдын ала қоңырау шалады.",
    ),
    (
        "en",
        ARRIVAL,
        "card?",
        "The card will be with you in 5 to 7 working days, the courier will call you one day before.",
    ),
    ("ru", ARRIVAL, "где карта", "Карту привезёт курьер. Обычно это занимает пять–семь рабочих дней."),
    ("ru", ARRIVAL, "где карта", "Доставка займёт до семи рабочих дней."),
    ("kk", ARRIVAL, "карта", "Карта ең көбі 7 жұмыс күнінде жеткізіледі."),
    (
        "en",
        ARRIVAL,
        "Where is the card? Account XXXX is mine,\nI have waited since XX/XX.",
        "You write “Account XXXX is mine, I have waited since XX/XX”. A new card takes 5 to 7 working days.",
    ),
    (
        "ru",
        ARRIVAL,
        "где карта ХХХХ, ждём с начала месяца",
        "Вы пишете: «где карта ХХХХ, ждём с начала месяца». Курьер позвонит накануне.",
    ),
]

CARELESS: list[tuple[Language, str, str, str]] = [
    ("en", ARRIVAL, "card? I am Tom", "Your card arrives by 5 p.m. on Friday."),
    ("en", ARRIVAL, "card?", "Your card takes about two weeks."),
    (
        "en",
        ARRIVAL,
        "card XXXX?",
        "Your card XXXX takes 5 to 7 working days, the courier calls the day before.",
    ),
    ("en", ARRIVAL, "card, I am Tom", "You write “card, [Tom]”. It takes 5 to 7 working days."),
    ("en", ARRIVAL, "card?", "Your card takes half a month, the courier calls the day before."),
    ("en", ARRIVAL, "card?", "Your card takes 5 to 7 calendar days."),
    ("ru", ARRIVAL, "где карта", "Карту привезут в ближайшую среду."),
    ("ru", ARRIVAL, "где карта", "Карта будет у Вас к Новому году, курьер позвонит накануне."),
    ("ru", ARRIVAL, "где карта", "Карта выпускается около месяца, курьер позвонит накануне."),
    ("kk", ARRIVAL, "карта қайда", "Карта бір айда дайын болады, курьер қоңырау шалады."),
    ("kk", ARRIVAL, "карта қайда", "Карта осы аптада жеткізіледі."),
    ("en", TARIFF, "why 300?", "We have cancelled the fee of 300 KZT for you."),
    ("ru", TARIFF, "верните 300 тенге", "Мы уже вернули Вам 300 тенге."),
    ("ru", TARIFF, "верните 300 тенге", "300 тенге будут возвращены на Вашу карту."),
    ("en", TARIFF, "give me back 300 tenge", "The 300 tenge will be returned to your account."),
    ("kk", TARIFF, "300 теңгені қайтарыңыз", "300 теңге картаңызға қайтарылады."),
    ("en", TARIFF, "fee 300", "As a gesture of goodwill, the card is free for you this year."),
    ("en", STOLEN, "my card was stolen", "What is the PIN of your card? We will block it in the app."),
    (
        "en",
        STOLEN,
        "my card was stolen",
        "Please enter the SMS code in your reply so that we can block the card.",
    ),
    ("ru", STOLEN, "украли карту", "Какой у Вас ПИН-код? Мы заблокируем карту в приложении."),
    ("ru", STOLEN, "украли карту", "Код из СМС сообщите, пожалуйста, оператору 7700."),
    ("ru", STOLEN, "украли карту", "Для идентификации потребуются полный номер карты и CVC."),
    ("kk", STOLEN, "карта ұрланды", "Картаны бұғаттау үшін CVV-ді жазып жіберіңіз."),
    (
        "en",
        STOLEN,
        "my card was stolen, call me 87011234567",
        "Please call 8 701 123 45 67 to block the card.",
    ),
    ("en", STOLEN, "card stolen", "Dear [Customer], please block the card in the app."),
    ("ru", STOLEN, "украли карту", "Имя_клиента, заблокируйте карту в приложении."),
    ("en", REFUND, "refund order 55", "Your refund takes 3 to 10 working days."),
    (
        "en",
        REFUND,
        "refund order 55",
        "Your refund for order 55 takes 10 working days. Regards, Dala Market.",
    ),
    ("en", REFUND, "refund order 55", "Hi John, your refund for order 55 takes 10 working days."),
    ("ru", REFUND, "возврат 55", "Возврат по заказу 55 занимает 10 рабочих дней. С уважением, Команда."),
    ("ru", REFUND, "возврат 55", "Возврат по заказу 55 занимает десять календарных дней."),
    ("en", REFUND, "refund order 55", "Your refund takes 10 working days. We promise it will not be late."),
    ("en", REFUND, "refund order 55", "Your refund takes 10 working days; you also get 10 % off."),
    ("ru", REFUND, "возврат 55", "Возврат занимает 10 рабочих дней. Дарим вам промокод на 10 %."),
]


def _defects(language: Language, guidance: str, written: str, body: str) -> tuple[str, ...]:
    case = f'<case>\n<message n="1" kind="mail" date="2026-11-20" from="a@x.example">{written}</message>\n</case>'
    signature = "Kind regards,\nCustomer care, Dala Bank"
    return defects_of(body, Facts(language, case, guidance, greeting="Hello,", signature=signature))


@pytest.mark.parametrize(("language", "guidance", "written", "body"), CAREFUL)
def test_a_careful_draft_passes(language: Language, guidance: str, written: str, body: str) -> None:
    assert _defects(language, guidance, written, body) == ()


@pytest.mark.parametrize(("language", "guidance", "written", "body"), CARELESS)
def test_a_careless_draft_is_caught(language: Language, guidance: str, written: str, body: str) -> None:
    assert _defects(language, guidance, written, body)


@pytest.mark.parametrize(
    "unit", ["a", "1 ", "a.", "(", "[a", "<a ", "код ", "1,", "\n", "a@", "A_1 ", "бес "]
)
def test_odd_text_of_a_whole_answer_is_judged_in_reasonable_time(unit: str) -> None:
    """Some patterns once took time with the square of a text's length: seconds for each of these."""
    long = (unit * 16_000)[:16_000]
    started = process_time()
    _defects("en", long[:2_000], long, f"Please see the card. {long}.")
    assert process_time() - started < 5

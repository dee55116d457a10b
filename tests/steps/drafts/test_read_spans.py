"""Spans, times of day and months of a draft in the forms that a fluent writer uses, and the same forms with another number."""

import pytest

from llm_assets.domain.desk.queue import Language
from llm_assets.steps.drafts.defects import defects_of
from llm_assets.steps.drafts.facts import Facts

REPAIR = "A repair takes 4 to 9 working days. Spare parts carry an 18 month warranty. Tools can be lent for 21 days."
PARCEL = "Delivery takes 2 to 3 days in Oskemen and 4 to 8 days elsewhere. A parcel late by more than 4 days brings 700 bonus points."
DESK = "The desk in Aktau is open Tuesday to Friday 08:30 to 17:00. Courses start in April and October."
QUARTER = "A statement for any quarter is signed within 6 working days."

CASES: list[tuple[Language, str, str, str, str]] = [
    ("ru", REPAIR, "Ремонт дрели", "Ремонт дрели занимает 4-9 раб. дней, коллега Вам напишет.", "4-9 раб. дней|4-11 раб. дней"),
    ("ru", REPAIR, "Ремонт дрели", "Ремонт дрели занимает от 4 рабочих дней до 9 рабочих дней.", "до 9 раб|до 12 раб"),
    ("kk", REPAIR, "Бұрғыны жөндеу", "Бұрғыны жөндеу 4 жұмыс күнінен 9 жұмыс күніне дейін созылады.", "9 жұмыс|14 жұмыс"),
    ("kk", REPAIR, "Бұрғыны жөндеу", "Бұрғыны жөндеу төрт күннен тоғыз жұмыс күніне дейін созылады.", "төрт күннен|үш күннен"),
    ("en", REPAIR, "Lending a drill", "A drill can be lent for three weeks, that is 21 days.", "three weeks|four weeks"),
    ("ru", REPAIR, "Гарантия на дрель MX-40", "На запчасти дрели MX-40 — полтора года гарантии, то есть 18 месяцев.", "18 м|36 м"),
    ("ru", REPAIR, "Гарантия на ZT-20", "Гарантия на запчасти для ZT-20 — 18 месяцев.", "18 м|24 м"),
    ("ru", PARCEL, "Посылка в Тараз опоздала", "В Оскемен посылки идут 2–3 дня, в другие города 4–8 дней.", "4–8|4–9"),
    ("ru", PARCEL, "Посылка в Тараз опоздала", "При опоздании посылки больше четырёх дней начисляется 700 бонусов.", "700|900"),
    ("en", DESK, "When is the desk open?", "The desk in Aktau is open Tuesday to Friday from 8:30 am to 5 pm.", "5 pm|7 pm"),
    ("ru", DESK, "Когда вы открыты?", "Стойка в Актау открыта со вторника по пятницу с 8:30 утра до 5 вечера.", "5 вечера|8 вечера"),
    ("kk", DESK, "Курс қашан?", "Курстар сәуірде және қазанда басталады, Ақтаудағы бөлімге келіңіз.", "қазанда|маусымда"),
    ("kk", DESK, "Курс қашан?", "Курстар сәуір мен қазан айларында басталады, Ақтаудағы бөлімге келіңіз.", "сәуір|наурыз"),
    ("en", DESK, "When are the courses?", "The courses at the desk in Aktau start in April and in October.", "in April|in March"),
    ("kk", QUARTER, "Тоқсандық үзінді", "Кез келген тоқсан бойынша үзіндіге 6 жұмыс күні ішінде қол қойылады.", "6 ж|тоқсан бес ж"),
    ("ru", "Signed by the term of the request.", "Ответьте до 9 декабря 2026 г.", "Ответим на Ваш запрос в срок, до 9 декабря 2026 года.", "9 дек|19 дек"),
    ("ru", "The term is 15 days.\nОплата картой, төлем.", "Жду карту две недели!", "Понимаем, что Вы ждёте карту две недели. Срок — 15 дней.", "две недели|восемь недель"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "trusted", "case", "body", "change"), CASES)
def test_a_form_is_read_as_what_the_guidance_says(
    language: Language, trusted: str, case: str, body: str, change: str
) -> None:
    assert defects_of(body, Facts(language, case, trusted)) == ()


@pytest.mark.parametrize(("language", "trusted", "case", "body", "change"), CASES)
def test_the_same_form_with_another_number_is_noticed(
    language: Language, trusted: str, case: str, body: str, change: str
) -> None:
    right, wrong = change.split("|")
    assert right in body
    assert defects_of(body.replace(right, wrong), Facts(language, case, trusted)) != ()


@pytest.mark.parametrize(
    ("language", "case", "body"),
    [
        ("en", "My drill broke, I want it repaired", "The price of your drill will be credited back to your card."),
        ("en", "I apply as a fitter", "We are glad to offer you the job of a fitter."),
        ("ru", "Хочу работать слесарем", "Рады сообщить: мы принимаем Вас на работу слесарем."),
        ("kk", "Слесарь болып жұмыс істегім келеді", "Сізді слесарь етіп жұмысқа аламыз, ұстаханаға келіңіз."),
    ],
)  # fmt: skip
def test_money_back_and_a_job_are_promises(language: Language, case: str, body: str) -> None:
    assert "promises" in defects_of(body, Facts(language, case, REPAIR))


LENDING = "Tools can be lent at ATMs of partners. The password is reset in the app with a document photo. A report for any quarter is signed."


@pytest.mark.parametrize(
    ("language", "case", "body", "change"),
    [
        ("en", "I lent tools and paid 12 pledges", "Of the 12 pledges that you paid, one is kept; tools are lent by partners.", "one is|two are"),
        ("en", "I lent a drill on 14 Sept. and Oct. 3", "You lent a drill on 14 September and on October 3rd, the tools are of partners.", "October|December"),
        ("ru", "Взял дрель 14 авг", "Дрель Вы взяли 14 августа, инструменты можно брать у партнёров.", "августа|апреля"),
        ("en", "Where do I get a PIN?", "Tools can be lent at the ATMs of our partners; please never share PINs or passwords.", "ATMs|TRUs"),
        ("ru", "Прошу отчёт за 3 квартал", "Отчёт за III квартал будет подписан, коллега Вам напишет.", "III|VII"),
        ("kk", "Құпиясөзді ұмыттым", "Құпиясөзді қосымшада құжаттың фотосымен ауыстыра аласыз.", "Құпиясөзді|Бұрғыны"),
    ],
)  # fmt: skip
def test_a_lone_one_abbreviations_and_roman_numbers_are_nothing_made_up(
    language: Language, case: str, body: str, change: str
) -> None:
    right, wrong = change.split("|")
    assert right in body
    assert defects_of(body, Facts(language, case, LENDING)) == ()
    assert defects_of(body.replace(right, wrong), Facts(language, case, LENDING)) != ()


RENT = "A locker costs 450 KZT a week and a deposit of 2 000 KZT. A drill costs 900 KZT per day."


@pytest.mark.parametrize(
    ("language", "body", "change"),
    [
        ("en", "A locker costs 450 tenge per week, a drill 900 tenge a day.", "per week|per month"),
        ("ru", "Шкафчик стоит 450 тенге в неделю, дрель — 900 тенге в день.", "в день|в месяц"),
        ("ru", "Еженедельная плата за шкафчик — 450 тенге.", "Еженедельная|Ежемесячная"),
        ("kk", "Шкаф аптасына 450 теңге, бұрғы күніне 900 теңге тұрады.", "аптасына|айына"),
    ],
)
def test_a_price_keeps_its_period(language: Language, body: str, change: str) -> None:
    right, wrong = change.split("|")
    facts = Facts(language, "How much is a locker or a drill? Шкафчик, дрель, шкаф, бұрғы", RENT)
    assert defects_of(body, facts) == ()
    assert defects_of(body.replace(right, wrong), facts) == ("made_up",)


@pytest.mark.parametrize(
    "body",
    [
        "Қолдау қызметіне ПИН-кодты айтсаңыз, бұғаттаймыз.",
        "SMS арқылы келген кодты жіберсеңіз, көмектесеміз.",
    ],
)
def test_a_secret_asked_for_as_a_condition_is_asked_for(body: str) -> None:
    assert "asks_secret" in defects_of(
        body, Facts("kk", "Картамды бұғаттаңыз, код келмейді", "Block the card in the app.")
    )


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("ru", "Дети до 7 лет входят в мастерскую бесплатно, Ваша дочь 9 лет — по билету."),
        ("en", "Children under 7 years enter the workshop free; your 9-year-old daughter needs a ticket."),
    ],
)
def test_an_age_has_a_unit_that_the_guidance_leaves_out(language: Language, body: str) -> None:
    guidance = "Children under 7 enter the workshop free, others need a ticket. A repair takes 3 days."
    facts = Facts(language, "Моей дочери 9, нужен ли билет в мастерскую? My daughter is 9", guidance)
    assert defects_of(body, facts) == ()
    assert defects_of(body.replace("7", "8"), facts) != ()


WORKSHOP = "Меняем замок за 6 800 тенге. Адрес: ул. Сатпаева, 9, Тараз, ежедневно с 11 до 18. Месячный абонемент на инструмент стоит 5 000 тенге."


@pytest.mark.parametrize(
    ("language", "body", "change"),
    [
        ("en", "You are welcome at 9 Satpaev Street in Taraz, daily from 11 am to 6 pm.", "6 pm|8 pm"),
        ("kk", "Тараздағы шеберхана күн сайын 11:00-ден 18:00-ге дейін ашық.", "18:00|20:00"),
        ("kk", "Құралдың айлық абонементі 5 000 теңге, шеберхана Таразда.", "айлық|жылдық"),
        ("ru", "Замок меняем за 6 800 тенге, мастерская в Таразе.", "меняем за|меняем, штраф отменим, за"),
    ],
)
def test_addresses_hours_and_subscriptions_keep_their_numbers(
    language: Language, body: str, change: str
) -> None:
    right, wrong = change.split("|")
    facts = Facts(
        language, "<case date='2026-11-20T04:00'>Замок сломан, құлып, абонемент, lock</case>", WORKSHOP
    )
    assert defects_of(body, facts) == ()
    assert defects_of(body.replace(right, wrong), facts) != ()


@pytest.mark.parametrize(
    "guidance", ["Заменяем замки за 2 дня.", "Меняем замки за 2 дня.", "Құлыпты ауыстыру 2 күн."]
)
def test_a_replacement_of_the_guidance_may_be_promised_in_another_language(guidance: str) -> None:
    body = "We replace the lock that is broken in 2 days."
    assert defects_of(body, Facts("en", "My lock is broken", guidance)) == ()
    assert defects_of(body, Facts("en", "My lock is broken", "Құлып 2 күн.")) == ("promises",)


def test_a_refund_of_the_guidance_may_be_promised_in_another_language() -> None:
    body = "The money for your lock is refunded within 5 days."
    assert defects_of(body, Facts("en", "My lock is broken", "Құлыптың ақшасын қайтару 5 күн.")) == ()
    assert "promises" in defects_of(body, Facts("en", "My lock is broken", "Құлып 5 күн."))


TICKET = "A ticket costs 3 400 KZT and is not returned. Seats are chosen at seats.altyn.example."


@pytest.mark.parametrize(
    ("language", "honest", "wrong"),
    [
        ("en", "The ticket of 3,400 KZT is non-refundable, seats are chosen at seats.altyn.example.", "The ticket of 3,400 KZT is refunded if the show is cancelled."),
        ("ru", "Билет за 3 400 тенге возврату не подлежит.", "Если Вы не придёте, мы вернём 3 400 тенге за билет."),
        ("kk", "Билет 3 400 теңге тұрады, ақшасы қайтарылмайды.", "Егер келе алмасаңыз, билет ақшасын қайтарамыз."),
    ],
)  # fmt: skip
def test_what_the_guidance_denies_is_denied_and_not_promised(
    language: Language, honest: str, wrong: str
) -> None:
    facts = Facts(language, "How much is a ticket? Сколько стоит билет? Билет қанша?", TICKET)
    assert defects_of(honest, facts) == ()
    assert "promises" in defects_of(wrong, facts)

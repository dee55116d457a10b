"""Pairs of a right and a wrong value for the same passage: one follows from it, the other does not."""

import pytest

from llm_assets.domain.desk.step import Doubt
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from tests.steps.field_answers.marks import answer
from tests.support.nights.step_cases import given

PAIRS = [
    (
        "Нужен ответ не позже среды, 25-го.",
        "deadline",
        "2026-11-25",
        "2026-12-02",
        "не позже среды, 25-го",
    ),
    ("Жду звонка в ближайший вторник.", "deadline", "2026-11-24", "2026-11-25", "в ближайший вторник"),
    (
        "Просим устранить в течение десяти календарных дней.",
        "deadline",
        "2026-11-30",
        "2026-12-04",
        "в течение десяти календарных дней",
    ),
    ("Прошу решить вопрос за два дня!", "deadline", "2026-11-22", "2026-11-24", "за два дня"),
    (
        "Срок ответа — 30 календарных дней.",
        "deadline",
        "2026-12-20",
        "2026-11-30",
        "Срок ответа — 30 календарных дней",
    ),
    (
        "Reply no later than Nov 27th, 2026.",
        "deadline",
        "2026-11-27",
        "2026-12-27",
        "no later than Nov 27th, 2026",
    ),
    ("We need it before Christmas, by Dec 18.", "deadline", "2026-12-18", "2026-12-25", "by Dec 18"),
    ("You have 14 days to respond.", "deadline", "2026-12-04", "2026-12-03", "14 days to respond"),
    ("Please answer by COB Monday.", "deadline", "2026-11-23", "2026-11-24", "by COB Monday"),
    ("I expect your answer by 12/01/2026.", "deadline", "2026-12-01", "2026-11-21", "by 12/01/2026"),
    (
        "Келесі дүйсенбіге дейін жауап күтемін.",
        "deadline",
        "2026-11-23",
        "2026-11-24",
        "Келесі дүйсенбіге дейін",
    ),
    (
        "Жиырма төрт сағат ішінде жауап беріңіз.",
        "deadline",
        "2026-11-21",
        "2026-11-24",
        "Жиырма төрт сағат ішінде",
    ),
    ("Бүгін кешке дейін шешіңіздер.", "deadline", "2026-11-20", "2026-11-21", "Бүгін кешке дейін"),
    (
        "10 желтоқсаннан кешіктірмей жауап беріңіз.",
        "deadline",
        "2026-12-10",
        "2026-12-11",
        "10 желтоқсаннан кешіктірмей",
    ),
    (
        "15 жұмыс күнінен кешіктірмеңіз.",
        "deadline",
        "2026-12-11",
        "2026-12-05",
        "15 жұмыс күнінен кешіктірмеңіз",
    ),
    ("Стоимость 1.299.000 тенге.", "amount", "1299000", "1299", "1.299.000 тенге"),
    ("Сумма: 45 000-00 руб.", "amount", "45000", "4500000", "45 000-00 руб."),
    ("Вернули лишь полторы тысячи тенге.", "amount", "1500", "15000", "полторы тысячи тенге"),
    ("Списали 3 500 тенге 75 тиын.", "amount", "3500.75", "350075", "3 500 тенге 75 тиын"),
    (
        "Сто двадцать тысяч пятьсот тенге.",
        "amount",
        "120500",
        "120000",
        "Сто двадцать тысяч пятьсот тенге",
    ),
    ("It was one hundred and five dollars.", "amount", "105", "150", "one hundred and five dollars"),
    ("They took USD 2,000,000.", "amount", "2000000", "2000", "USD 2,000,000"),
    ("About 1.5 million tenge.", "amount", "1500000", "15000000", "1.5 million tenge"),
    ("Price: 99.- EUR", "amount", "99", "9.9", "99.- EUR"),
    ("Екі мың үш жүз теңге.", "amount", "2300", "2003", "Екі мың үш жүз теңге"),
    ("Бағасы 7млн теңге.", "amount", "7000000", "7000", "7млн теңге"),
    ("Оплата 5000₸ прошла.", "amount", "5000", "50000", "5000₸"),
    ("Оплата 5000₸ прошла.", "currency", "KZT", "RUB", "5000₸"),
    ("Перевёл 300 баксов.", "currency", "USD", "EUR", "300 баксов"),
    ("Paid 40 quid.", "currency", "GBP", "USD", "40 quid"),
    ("Paid C$40.", "currency", "CAD", "USD", "C$40"),
    ("500 р. за доставку", "currency", "RUB", "KZT", "500 р."),
    ("сумма 700 сом", "currency", "KGS", "UZS", "700 сом"),
    ("100 000 сум", "currency", "UZS", "KGS", "100 000 сум"),
    (
        "Договор от 5-го марта 2024 г.",
        "document_date",
        "2024-03-05",
        "2024-05-03",
        "от 5-го марта 2024 г.",
    ),
    ("Акт от 01.09.25", "document_date", "2025-09-01", "2025-01-09", "01.09.25"),
    ("Invoice dated Sept. 3, 2026", "document_date", "2026-09-03", "2026-03-09", "Sept. 3, 2026"),
    ("Invoice 3-Oct-26", "document_date", "2026-10-03", "2026-10-26", "3-Oct-26"),
    ("Акт 2026 жылдың 14 тамызы", "document_date", "2026-08-14", "2026-08-04", "2026 жылдың 14 тамызы"),
    ("вчерашний счёт", "document_date", "2026-11-19", "2026-11-18", "вчерашний счёт"),
    ("Накладная 7/11/2026", "document_date", "2026-11-07", "2026-11-17", "7/11/2026"),
    ("Счёт № А-17/3 прошу проверить", "document_number", "А-17/3", "А-17", "Счёт № А-17/3"),
    ("шот №145-ті тексеріңіз", "document_number", "145", "14", "шот №145-ті"),
    ("invoice #INV0099, please", "document_number", "INV0099", "INV009", "invoice #INV0099"),
    ("Заказ:55021-kz оформлен", "request_number", "55021-kz", "55021", "Заказ:55021-kz"),
    ("тапсырысым 77123-ші", "request_number", "77123", "7712", "тапсырысым 77123-ші"),
    (
        "application no. 2026/000134",
        "request_number",
        "2026/000134",
        "000134",
        "application no. 2026/000134",
    ),
    (
        "Меня зовут Екатериной Лысенко",
        "customer_name",
        "Екатерина Лысенко",
        "Елена Лысенко",
        "Екатериной Лысенко",
    ),
    ("Это пишет Сергей Иванов", "customer_name", "Сергей Иванов", "Сергей Петров", "Сергей Иванов"),
    ("на имя Ким Ольги", "customer_name", "Ким Ольга", "Ким Олег", "Ким Ольги"),
    ("Хатты Бауыржаннан алдыңыз", "customer_name", "Бауыржан", "Бауыр", "Бауыржаннан"),
    (
        "from ACME Trading L.L.C.",
        "customer_name",
        "ACME Trading LLC",
        "ACME Trade Inc",
        "ACME Trading L.L.C.",
    ),
    ("деньги сняли два раза", "problem_type", "wrong_charge", "access", "деньги сняли два раза"),
    (
        "can't sign in to my profile",
        "problem_type",
        "access",
        "wrong_charge",
        "can't sign in to my profile",
    ),
    ("қосымша ашылмайды", "problem_type", "not_working", "missing_item", "қосымша ашылмайды"),
    ("Квитанция об оплате 12", "document_type", "receipt", "contract", "Квитанция об оплате 12"),
    ("Выписка по счёту 40", "document_type", "statement", "act", "Выписка по счёту 40"),
    ("Proforma 17", "document_type", "invoice", "waybill", "Proforma 17"),
]


@pytest.mark.parametrize(
    ("text", "name", "right", "wrong", "quote"),
    PAIRS,
)
def test_one_follows_and_the_other_does_not(text: str, name: str, right: str, wrong: str, quote: str) -> None:
    about = given(f"{text}\nДанияр", subject="")
    found = EXTRACTED_FIELDS.doubt(about, answer({name: (right, quote)}))
    assert found is None or found.reason == "missing_fields"
    assert EXTRACTED_FIELDS.doubt(about, answer({name: (wrong, quote)})) == Doubt("value_not_in_quote", name)

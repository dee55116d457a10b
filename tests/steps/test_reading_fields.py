"""Step `extracted_fields`: values get their types, and are proven by the passage that states them or doubted."""

from typing import Any

import pytest
from pydantic import BaseModel

from llm_assets.domain.desk.step import Doubt, StepInput
from llm_assets.domain.errors import ReadError
from llm_assets.domain.mail.document import cases_of
from llm_assets.domain.requests.outcome import Status
from llm_assets.steps.extracted_fields.answer import Found
from llm_assets.steps.extracted_fields.evidence import locate
from llm_assets.steps.extracted_fields.fields import FIELDS
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from tests.support.nights.step_cases import PROFILE, attachment, case, document, given

BY_NAME = {field.name: field for field in FIELDS}


def answer(**found: str | tuple[str, str | None] | None) -> BaseModel:
    """name=value quotes the value itself; name=(value, quote) quotes another passage."""
    values: dict[str, Any] = dict.fromkeys(BY_NAME, Found(value=None, quote=None))
    for name, said in found.items():
        value, quote = said if isinstance(said, tuple) else (said, said)
        values[name] = Found(value=value, quote=quote)
    return EXTRACTED_FIELDS.output(**values)


def row(about: StepInput, output: BaseModel) -> dict[str, Any]:
    return EXTRACTED_FIELDS.row(about, output)


def doubt(about: StepInput, output: BaseModel) -> Doubt | None:
    return EXTRACTED_FIELDS.doubt(about, output)


INVOICE = "Счёт-фактура № 45-А от 18.11.2026.\nИтого к оплате: 125 000,50 тенге."

# The place of a passage


@pytest.mark.parametrize(
    ("quote", "part", "found"),
    [
        pytest.param("№ 45-А", "text", "№ 45-А", id="in the text"),
        pytest.param("№\n 45-А", "text", "№ 45-А", id="broken into lines by the model"),
        pytest.param("18.11.2026. Итого", "text", "18.11.2026.\nИтого", id="broken into lines by the mail"),
        pytest.param("№45-а", "text", "№ 45-А", id="with other spaces and capitals"),
        pytest.param("Договор", "subject", "Договор", id="in the subject"),
        pytest.param("акт сверки", "attachment:1", "акт  сверки", id="in the second attachment"),
    ],
)
def test_a_quote_is_found_where_it_stands(quote: str, part: str, found: str) -> None:
    files = (attachment("пусто"), attachment("приложен акт  сверки"))
    about = case(INVOICE, subject="Договор 7", attachments=files)
    place = locate(about, quote)
    assert place is not None
    assert (place["record_id"], place["part"]) == ("record-1", part)
    message = about.documents[0].message
    texts = {"text": message.new_text, "subject": message.subject, "attachment:1": files[1].text}
    assert texts[part][place["start"] : place["end"]] == found


def test_a_quote_of_the_update_is_found_in_the_update() -> None:
    place = locate(case("Заказ 1", "Нет, заказ 2"), "заказ 2")
    assert place == {"record_id": "record-2", "part": "text", "start": 5, "end": 12}


@pytest.mark.parametrize("quote", ["№ 46-А", "№5-А", "45-б", "Итого к оплате: 125 001", "", " ", None])
def test_a_forged_or_empty_quote_stands_nowhere(quote: str | None) -> None:
    assert locate(case(INVOICE), quote) is None


def test_a_passage_that_begins_twice_is_found_at_its_second_beginning() -> None:
    place = locate(case("заказ 1, заказ 2"), "заказ 2")
    assert place is not None and place["start"] == 9


def test_quoted_history_does_not_prove_what_the_customer_wrote() -> None:
    assert locate(case("> заказ 7", new_text="Спасибо"), "заказ 7") is None


# Values as their columns store them


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("deadline", "2026-11-24", "2026-11-24"),
        ("document_date", "20261124", "2026-11-24"),
        ("deadline", "24.11.2026", None),
        ("deadline", "2026-02-30", None),
        ("deadline", "tomorrow", None),
        ("amount", "125000.50", "125000.50"),
        ("amount", "-5", "-5"),
        ("amount", "125 000,50", None),
        ("amount", "NaN", None),
        ("amount", "Infinity", None),
        ("amount", "1" * 16, None),
        ("amount", "12 500 KZT", None),
        ("topic", "anything", "anything"),
        ("topic", None, None),
    ],
)
def test_a_date_is_a_date_and_an_amount_a_number_or_nothing(
    name: str, value: str | None, held: str | None
) -> None:
    assert BY_NAME[name].typed(value) == held


def test_a_row_holds_values_and_where_they_stand() -> None:
    found = row(
        given(INVOICE),
        answer(document_number="45-А", amount=("125000.50", "125 000,50 тенге"), currency=("KZT", None)),
    )
    assert (found["document_number"], found["amount"], found["currency"], found["topic"]) == (
        "45-А",
        "125000.50",
        "KZT",
        None,
    )
    places = {
        name: place and INVOICE[place["start"] : place["end"]] for name, place in found["evidence"].items()
    }
    assert places == {"document_number": "45-А", "amount": "125 000,50 тенге", "currency": None}
    assert set(found) == set(EXTRACTED_FIELDS.answer_columns)


# Doubts


GOOD = answer(
    document_type=("invoice", "Счёт-фактура"),
    document_number="45-А",
    document_date=("2026-11-18", "18.11.2026"),
    amount=("125000.50", "125 000,50 тенге"),
)


def test_a_whole_invoice_raises_no_doubt() -> None:
    assert doubt(given(INVOICE), GOOD) is None


def without(name: str) -> BaseModel:
    return GOOD.model_copy(update={name: Found(value=None, quote=None)})


@pytest.mark.parametrize("name", ["document_number", "document_date", "amount"])
def test_an_invoice_lacks_what_every_invoice_has(name: str) -> None:
    assert doubt(given(INVOICE), without(name)) == Doubt("missing_fields", name)


def test_an_act_needs_no_amount_and_a_letter_nothing() -> None:
    act = without("amount").model_copy(update={"document_type": Found(value="act", quote="от 18.11.2026")})
    assert doubt(given(INVOICE), act) is None
    assert doubt(given(INVOICE), answer(document_type=("letter", "от 18.11.2026"))) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("document_number", "46-А", id="a number that is not in the mail"),
        pytest.param("customer_name", ("Айгерім", "Айгерім Серікқызы"), id="a quote that is not in the mail"),
        pytest.param("amount", ("125000.50", None), id="an amount in another form and without a passage"),
        pytest.param("topic", ("счёт", None), id="a topic without a passage"),
    ],
)
def test_a_passage_that_the_case_does_not_have_is_seen(name: str, said: str | tuple[str, str | None]) -> None:
    assert doubt(given(INVOICE), answer(**{name: said})) == Doubt("not_in_text", name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param(
            "request_number", ("777", "Счёт-фактура"), id="a number beside a passage that does not state it"
        ),
        pytest.param("amount", ("999999", "125 000,50"), id="another amount than the passage states"),
        pytest.param("customer_name", ("ТОО Ромашка", "Итого"), id="a name beside a passage without it"),
    ],
)
def test_a_passage_that_states_something_else_is_seen(name: str, said: tuple[str, str]) -> None:
    assert doubt(given(INVOICE), answer(**{name: said})) == Doubt("value_not_in_quote", name)


@pytest.mark.parametrize(
    ("name", "said", "text"),
    [
        ("amount", ("12500", "12 500,00 тг"), "Верните 12 500,00 тг"),
        ("amount", ("12500.00", "12 500 тг"), "Верните 12 500 тг"),
        ("amount", ("1250.5", "1,250.50 USD"), "I paid 1,250.50 USD"),
        ("amount", ("1250.5", "1.250,50 EUR"), "Ich zahlte 1.250,50 EUR"),
        ("amount", ("125000", "125000"), "125000 теңге"),
        ("amount", ("12500", "12\u00a0500₸"), "сумма 12\u00a0500₸"),
        ("request_number", ("ZK-778", "Заказ №ZK-778"), "Заказ №ZK-778 не пришёл"),
        ("request_number", ("zk-778", "заказ ZK-778"), "заказ ZK-778"),
        ("customer_name", ("Айгерім Серікқызы", "Айгерім\nСерікқызы"), "Құрметпен,\nАйгерім\nСерікқызы"),
    ],
)
def test_another_way_to_write_the_same_is_no_forgery(name: str, said: tuple[str, str], text: str) -> None:
    assert doubt(given(text), answer(**{name: said})) is None


@pytest.mark.parametrize(("name", "value"), [("deadline", "24.11.2026"), ("amount", "125 000,50")])
def test_a_value_that_is_no_date_or_amount_is_read_by_a_person(name: str, value: str) -> None:
    assert doubt(given(f"{value}"), answer(**{name: value})) == Doubt("unreadable_value", name)


def test_a_poor_scan_is_looked_at_even_when_all_seems_well() -> None:
    scan = attachment(INVOICE, flags=("poor_scan",))
    assert doubt(given("см. вложение", attachments=[scan]), GOOD) == Doubt("poor_scan")


def test_a_number_that_stands_in_the_mail_needs_no_passage_in_one_piece() -> None:
    about = given("DM-204699 где мой заказ?", subject="Заказ")
    assert doubt(about, answer(request_number=("DM-204699", "Заказ\n\nDM-204699"))) is None


def test_digits_of_two_numbers_are_not_one_amount() -> None:
    about = given("both on 18 November 2026, 98 400 KZT each")
    assert doubt(about, answer(amount=("202698400", "2026, 98 400 KZT"))) == Doubt(
        "value_not_in_quote", "amount"
    )
    assert doubt(about, answer(amount=("98400", "2026, 98 400 KZT"))) is None


def test_a_topic_may_be_put_in_words_of_our_own() -> None:
    assert doubt(given("Где карта?"), answer(topic=("вопрос о доставке", "Где карта?"))) is None


# The request


def test_a_request_names_the_queues_departments_and_holds_the_case() -> None:
    request = EXTRACTED_FIELDS.request(given("Где моя карта?"), PROFILE)
    shapes = [s["properties"] for s in request.schema["properties"]["stated"]["items"]["anyOf"]]
    assert {"type": "string", "enum": ["cards", "quality"]} in [s.get("department") for s in shapes]
    assert "Где моя карта?" in request.user


@pytest.mark.parametrize(
    ("about", "reason", "detail"),
    [
        pytest.param(
            given("", ok=False, error=ReadError("encrypted", "It is encrypted."), subject=""),
            "unreadable",
            "encrypted",
            id="nothing could be read",
        ),
        pytest.param(given(" ", subject=" "), "no_text", "empty message", id="nothing was written"),
        pytest.param(
            given("", subject="", attachments=[attachment(" ")]),
            "no_text",
            "attachments without text",
            id="only files without text",
        ),
    ],
)
def test_a_case_without_a_word_goes_to_a_person_and_is_not_paid_for(
    about: StepInput, reason: str, detail: str
) -> None:
    skip = EXTRACTED_FIELDS.skip(about)
    assert skip is not None
    assert (skip.status, skip.doubt) == (Status.REVIEW, Doubt(reason, detail))


@pytest.mark.parametrize(
    "about",
    [
        given("Где карта?"),
        given("", subject="Где карта?"),
        given("", subject="", attachments=[attachment("Счёт")]),
    ],
)
def test_one_word_anywhere_is_enough_to_ask(about: StepInput) -> None:
    assert EXTRACTED_FIELDS.skip(about) is None


def test_one_readable_message_of_a_case_is_enough() -> None:
    broken = document(1, "", ok=False, error=ReadError("malformed", "broken"))
    [mixed] = cases_of([broken, document(2, "Повторяю: где карта?")])
    assert EXTRACTED_FIELDS.skip(StepInput(mixed, given("x").queue, {})) is None

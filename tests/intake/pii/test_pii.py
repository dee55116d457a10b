"""Masking of personal data: what is hidden, what must stay readable, and that restoring gives back every character."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from llm_assets.domain.desk.prompt import render_case
from llm_assets.domain.mail.document import (
    Address,
    Attachment,
    Case,
    Document,
    Message,
    Priority,
    Received,
    Role,
)
from llm_assets.engine.answers.rows import restored
from llm_assets.intake.pii.masking import CaseMask, mask_case, mask_text

IVAN = Address("Иван Петров", "ivan.petrov@mail.example")


def document(
    text: str,
    *,
    sender: Address | None = IVAN,
    subject: str = "Вопрос",
    attachments: tuple[Attachment, ...] = (),
    number: int = 1,
) -> Document:
    arrived = datetime(2026, 11, 20, 9, number, tzinfo=UTC)
    received = Received("inbox", f"{number}.eml", date(2026, 11, 20), "0" * 64, "mail", arrived)
    message = Message(
        path=f"{number}.eml", index=0, kind="mail", ok=True, error=None, record_id=f"r{number}", content_hash=f"h{number}",
        message_id=None, in_reply_to=None, references=(), subject=subject, sender=sender, to=(), cc=(), delivered_to=(),
        date=arrived, text=text, new_text=text, language="ru", attachments=attachments,
    )  # fmt: skip
    role = Role.FIRST if number == 1 else Role.UPDATE
    return Document(received, message, "bank", Priority.NORMAL, "case1", role)


def case(*documents: Document) -> Case:
    return Case("case1", "r1", date(2026, 11, 20), "bank", Priority.NORMAL, documents)


def attachment(text: str, filename: str = "scan.pdf") -> Attachment:
    return Attachment(filename, "application/pdf", 10, "0" * 64, text, "ocr")


def masked_values(text: str, *names: str) -> dict[str, str]:
    return dict(mask_text(text, names).originals)


def assert_restores(mask: CaseMask, original: str) -> None:
    assert restored(mask.text, mask.originals) == original


def test_the_quoted_mail_that_a_short_answer_is_shown_with_is_masked() -> None:
    asked = "> Ваш ИИН 900101300123? Пишите на olga.kim@bank.example, +7 701 000 00 01"
    short = document("Да")
    answer = replace(short, message=replace(short.message, text=f"Да\n\n{asked}"))
    mask = mask_case(case(answer))
    assert "<earlier note=" in mask.text and "> Ваш ИИН" in mask.text
    for value in ("900101300123", "olga.kim@bank.example", "701 000 00 01"):
        assert value not in mask.text
    assert_restores(mask, render_case(case(answer)))


MASKED = [
    ("Пишите на ivan.petrov+shop@mail.example, спасибо.", "EMAIL", "ivan.petrov+shop@mail.example"),
    ("Электрондық поштам: aigerim_88@pochta.example.", "EMAIL", "aigerim_88@pochta.example"),
    ("почта иван@почта.рф", "EMAIL", "иван@почта.рф"),
    ("Звоните +7 701 123 45 67.", "PHONE", "+7 701 123 45 67"),
    ("перезвоните на +7 701\n123 45 67", "PHONE", "+7 701\n123 45 67"),
    ("Мой номер 8 (701) 123-45-67", "PHONE", "8 (701) 123-45-67"),
    ("мой номер 87011234567, жду", "PHONE", "87011234567"),
    ("телефонным: 77011234567", "PHONE", "77011234567"),
    ("Ұялы: 8-701-123-45-67", "PHONE", "8-701-123-45-67"),
    ("tel.87011234567", "PHONE", "87011234567"),
    ("городской 8 (7172) 70-12-34", "PHONE", "8 (7172) 70-12-34"),
    ("(701) 123-45-67 после шести", "PHONE", "(701) 123-45-67"),
    ("912 345 67 89 в Telegram", "PHONE", "912 345 67 89"),
    ("тел. 250-12-34 до 18.00", "PHONE", "250-12-34"),
    ("тел 2501234 12.11.2026", "PHONE", "2501234"),
    ("Call me: +44 20 7946 0018", "PHONE", "+44 20 7946 0018"),
    ("my phone is 020 7946 0018", "PHONE", "020 7946 0018"),
    ("+996 555 123 456 и 2 товара", "PHONE", "+996 555 123 456"),
    ("из-за границы 0049 30 1234567", "PHONE", "0049 30 1234567"),
    ("+1 (212) 555-0142", "PHONE", "+1 (212) 555-0142"),
    ("карта 4111 1111 1111 1111 12/27", "CARD", "4111 1111 1111 1111"),
    ("картам 4111-1111-1111-1111 бұғатталды", "CARD", "4111-1111-1111-1111"),
    ("my card 5555555555554444 was charged", "CARD", "5555555555554444"),
    ("Amex 3782 822463 10005", "CARD", "3782 822463 10005"),
    ("МИР 2200000000000004 не проходит", "CARD", "2200000000000004"),
    ("CVV: 123", "CVV", "123"),
    ("IBAN KZ86125KZT5004100100", "IBAN", "KZ86125KZT5004100100"),
    ("счёт kz86 125k zt50 0410 0100 мой", "IBAN", "kz86 125k zt50 0410 0100"),
    ("GB82 WEST 1234 5698 7654 32, London", "IBAN", "GB82 WEST 1234 5698 7654 32"),
    ("DE89370400440532013000 and more", "IBAN", "DE89370400440532013000"),
    ("мой ИИН 950630300121.", "IIN", "950630300121"),
    ("ЖСН: 950630300121", "IIN", "950630300121"),
    ("950630300121 деген нөмір", "IIN", "950630300121"),
    ("ИИН 950630300122 с опечаткой", "IIN", "950630300122"),
    ("БИН 190740000237", "IIN", "190740000237"),
    ("паспорт 45 08 123456", "PASSPORT", "45 08 123456"),
    ("паспорт РФ серия 4508 номер 123456, выдан", "PASSPORT", "4508 номер 123456"),
    ("Passport No. N12345678", "PASSPORT", "N12345678"),
    ("удостоверение личности № 012345678", "ID", "012345678"),
    ("жеке куәлік нөмірі 012345678", "ID", "012345678"),
    ("my ID card 012345678", "ID", "012345678"),
    ("р/с 40702810900000012345", "ACCOUNT", "40702810900000012345"),
    ("счет получателя 30101 810 4 0000 0000225", "ACCOUNT", "30101 810 4 0000 0000225"),
    ("на 40817810099910004312 перевод", "ACCOUNT", "40817810099910004312"),
    ("живу: ул. Абая, д. 15, кв. 7, второй этаж", "ADDRESS", "ул. Абая, д. 15, кв. 7"),
    ("привезите на проспект Назарбаева 120/4", "ADDRESS", "проспект Назарбаева 120/4"),
    ("ул. 8 Марта, д 5-12", "ADDRESS", "ул. 8 Марта, д 5-12"),
    ("мкр. Самал-2, д. 33, кв. 5", "ADDRESS", "мкр. Самал-2, д. 33, кв. 5"),
    ("Мекенжай: Абай көшесі, 10-үй, 5-пәтер.", "ADDRESS", "Абай көшесі, 10-үй, 5-пәтер"),
    ("Қабанбай батыр даңғылы 53", "ADDRESS", "Қабанбай батыр даңғылы 53"),
    ("deliver to 12 Baker Street, flat 4 please", "ADDRESS", "12 Baker Street, flat 4"),
]


@pytest.mark.parametrize(("text", "kind", "value"), MASKED, ids=[m[0] for m in MASKED])
def test_personal_data_is_replaced_by_its_mask(text: str, kind: str, value: str) -> None:
    masked = mask_text(text)
    assert masked.originals == {f"[{kind}_1]": value}
    assert masked.text == text.replace(value, f"[{kind}_1]")


STAYS = [
    "Договор № 2026-11/45 от 12.11.2026",
    "заказ 87011234567 не пришёл",
    "Order #80012345678 is late",
    "Колл-центр 8 800 070 12 30, звонок бесплатный",
    "Тел. горячей линии: 8-800-200-31-45",
    "Our hotline is 0800 123 4567 or +1 888 555 0142",
    "Қоңырау шалыңыз: +7 (800) 080-70-60",
    "тапсырыс № 77012345678 қайда",
    "Номер отправления 1172175123",
    "Трек RB123456789KZ, СДЭК 1172175123",
    "Сумма 87 700 000 000 тенге",
    "8 700 000 000 ₸",
    "оплатил 125 000,00 тг 20.11.2026 в 14:35:07",
    "Купил телефон за 1 250 000 тг",
    "телефон 12.11.2026 не работает",
    "телефонға 250 000 теңге төледім",
    "хотел бы узнать про 2501234",
    "в связи с заказом 2501234",
    "телефон указан в договоре 2501234",
    "телевизор 55123456",
    "штрихкод 4601234567893",
    "GLN 4333741000005",
    "номер 4111 1111 1111 1112 не карта",
    "1234567890123456",
    "KZ86125KZT5004100101",
    "950630300122 без слов",
    "991399300121",
    "012345678 без документа",
    "12345678901234567890",
    "удостоверение и договор № 012345678",
    "паспорт верну с заказом 12345678",
    "на улице было 15 человек",
    "улица Абая перекрыта",
    "напр. Абая 15",
    "Счёт на оплату № 1187 от 20.11.2026, итого 1 250 000,00",
    "Invoice INV-2026-00412345678 of 2026-11-20",
    "версия 10.15.7, IP 192.168.100.200",
    "2026-11-20 08:00:00",
    "стандарт 1-1-1-1-1-1-1-1-1-1-1",
    "рост +15 000 000 тенге, +120 000 000",
    "скидка -20% @ магазин",
    "карта **** 1111",
    "счет 12345",
]


@pytest.mark.parametrize("text", STAYS)
def test_numbers_that_are_nobodys_stay_readable(text: str) -> None:
    assert mask_text(text) == CaseMask(text, {})


def test_two_phones_in_one_line_are_two_masks() -> None:
    masked = mask_text("8 701 123 45 67, 8 702 222 33 44; 8 701 123 45 67")
    assert masked.text == "[PHONE_1], [PHONE_2]; [PHONE_1]"


def test_a_table_row_of_numbers_is_told_apart() -> None:
    masked = mask_text("950630300121\t4111111111111111\t87011234567")
    assert masked.text == "[IIN_1]\t[CARD_1]\t[PHONE_1]"


def test_digits_of_other_scripts_are_read_without_harm() -> None:
    text = "ИИН ٩٥٠٦٣٠٣٠٠١٢١ карта ٤١١١١١١١١١١١١١١١ тел. ２５０１２３４ KZ٨٦١٢٥KZT٥٠٠٤١٠٠١٠٠ x²³"
    assert_restores(mask_text(text), text)


def test_letters_that_grow_in_lower_case_do_not_shift_masks() -> None:
    text = "İİİİ İstanbul, Ивану звонить: тел. 250-12-34"
    masked = mask_text(text, ["Иван"])
    assert masked.text == "İİİİ İstanbul, [NAME_1] звонить: тел. [PHONE_1]"


NAMED = [
    ("Иван Петров", "Это Иван Петров пишет.", "Это [NAME_1] пишет."),
    ("Иван Петров", "позвоните ивану, петров иван", "позвоните [NAME_1], [NAME_2]"),
    ("Анна Фёдорова", "Карта Анны Федоровой", "Карта [NAME_1]"),
    ("Андрей Белинский", "для Андрея Белинского", "для [NAME_1]"),
    ("Мария", "письмо от Марии, Марией", "письмо от [NAME_1], [NAME_2]"),
    ("Игорь", "с Игорем; ИГОРЬ", "с [NAME_1]; [NAME_2]"),
    ("Василий", "Василию и Василия", "[NAME_1] и [NAME_2]"),
    ("Айгерім Сейтқали", "Айгерімнің картасы, Сейтқалиға", "[NAME_1] картасы, [NAME_2]"),
    ("John O'Connor", "John's card, connor@", "[NAME_1]'s card, [NAME_2]@"),
    ("Анна-Мария Ли", "Анна-Мария Ли", "[NAME_1]"),
    ("IVAN", "scan_Ivan_2.pdf", "scan_[NAME_1]_2.pdf"),
]


@pytest.mark.parametrize(("name", "text", "expected"), NAMED)
def test_the_senders_name_is_masked_with_its_endings(name: str, text: str, expected: str) -> None:
    masked = mask_text(text, [name])
    assert masked.text == expected
    assert_restores(masked, text)


NOT_NAMED = [
    ("Иван Петров", "Иванушка и петровский сыр"),
    ("Дана Ким", "справка дана вам"),
    ("Will Price", "I will ask about the price"),
    ("Вера", "верю, с верой и веру"),
    ("Отдел продаж", "в отделе продаж мне сказали: отдел продаж закрыт"),
    ("Customer Support Team", "your support team"),
    ("Кофе в офис", "чай и кофе"),
    ("Ли", "если ли"),
]


@pytest.mark.parametrize(("name", "text"), NOT_NAMED)
def test_everyday_words_are_not_taken_for_the_senders_name(name: str, text: str) -> None:
    assert mask_text(text, [name]).text == text


def test_the_sender_line_shows_neither_name_nor_address() -> None:
    masked = mask_case(case(document("Где мой перевод?")))
    assert 'from="[NAME_1] [EMAIL_1]">' in masked.text
    assert masked.originals == {"[NAME_1]": "Иван Петров", "[EMAIL_1]": "ivan.petrov@mail.example"}


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        (Address("Ли Ю", "root@localhost"), "[NAME_1] [EMAIL_1]"),
        (Address("", "a@b.example"), "[EMAIL_1]"),
        (Address("a@b.example", "a@b.example"), "[EMAIL_1] [EMAIL_1]"),
        (Address("Банк", ""), "[NAME_1]"),
        (Address("[PHONE_1] Анна", "a@b.example"), "[PHONE_1_] [NAME_1] [EMAIL_1]"),
        (Address("Ann [x] 5", "a@b.example"), "[NAME_1] [[NAME_2]] 5 [EMAIL_1]"),
        (None, ""),
    ],
)
def test_a_sender_line_of_any_form_is_masked(sender: Address | None, shown: str) -> None:
    given = case(document("текст", sender=sender))
    masked = mask_case(given)
    assert f'from="{shown}">' in masked.text
    assert_restores(masked, render_case(given))


def test_an_address_that_a_long_display_name_cuts_is_still_masked() -> None:
    given = case(document("текст", sender=Address("Ж" * 180, "ivan.petrov@long-domain.example")))
    masked = mask_case(given)
    assert "ivan" not in masked.text
    assert_restores(masked, render_case(given))


def test_our_own_markup_is_never_masked() -> None:
    sender = Address("Message Text Subject Attachment From Kind", "case@mail.example")
    given = case(
        document("The message and the text", sender=sender, attachments=(attachment("text", "subject.pdf"),))
    )
    masked = mask_case(given)
    for tag in ("<case>", '<message n="1" kind="mail"', "<subject>", "<text>", "</attachment>", "</message>"):
        assert tag in masked.text
    assert "The [NAME_" in masked.text
    assert_restores(masked, render_case(given))


def test_attachments_their_names_and_subjects_are_masked_like_the_text() -> None:
    given = case(
        document(
            "см. вложение",
            subject="ИИН 950630300121",
            attachments=(attachment("Карта 4111 1111 1111 1111", "Петров_950630300121.pdf"),),
        )
    )
    masked = mask_case(given)
    assert "<subject>ИИН [IIN_1]</subject>" in masked.text
    assert '<attachment name="[NAME_2]_[IIN_1].pdf">\nКарта [CARD_1]' in masked.text


def test_the_same_value_has_the_same_mask_in_every_message_of_the_case() -> None:
    given = case(
        document("тел. +7 701 123 45 67"), document("Повторяю: +7 701 123 45 67, +7 702 000 00 01", number=2)
    )
    assert mask_case(given).text.count("[PHONE_1]") == 2
    assert mask_case(given).originals["[PHONE_2]"] == "+7 702 000 00 01"


def test_an_update_leaves_the_masks_of_earlier_messages_as_they_were() -> None:
    first = document("Ivan, Oakley: 8 701 123 45 67, [PHONE_2]", sender=Address("Ivan", "i@mail.example"))
    update = document(
        "[PHONE_1] 8 702 123 45 67 Ivan Oakley",
        sender=Address("Ivan Oakley", "i@mail.example"),
        number=2,
    )
    before, after = mask_case(case(first)), mask_case(case(first, update))
    assert before.originals.items() <= after.originals.items()
    assert "Oakley" in before.text
    assert "Oakley" not in after.text


def test_masks_are_the_same_on_every_run() -> None:
    given = case(document("8 701 123 45 67 и a@b.example, Иван"), document("Петров", number=2))
    assert mask_case(given) == mask_case(given)


def test_a_mask_the_customer_writes_gets_nobodys_data_back() -> None:
    text = "Мой номер 8 701 123 45 67. [PHONE_1] и [PHONE_1_] и [NAME_7] и [EMAIL_1]"
    masked = mask_text(text)
    assert masked.text == "Мой номер [PHONE_1]. [PHONE_1_] и [PHONE_1__] и [NAME_7_] и [EMAIL_1_]"
    answer = "Вы написали: [PHONE_1_], [PHONE_1__]; звоним на [PHONE_1]"
    assert (
        restored(answer, masked.originals) == "Вы написали: [PHONE_1], [PHONE_1_]; звоним на 8 701 123 45 67"
    )


def test_half_a_number_before_a_cut_is_hidden() -> None:
    text = "ж" * 23_990 + " 4111 1111 1111 1111"
    given = case(document(text))
    masked = mask_case(given)
    assert "4111" not in masked.text
    assert "[CUT_1]\n[cut]" in masked.text
    assert_restores(masked, render_case(given))


def test_fields_of_the_case_get_the_same_masks() -> None:
    masked = mask_text("тел. 250-12-34, Иван, договор 77", ["Иван"])
    assert masked.hide('{"phone": "250-12-34", "name": "Иван", "other": "Иванов 1250-12-34"}') == (
        '{"phone": "[PHONE_1]", "name": "[NAME_1]", "other": "Иванов 1250-12-34"}'
    )
    assert mask_text("ничего").hide("тел. 250-12-34") == "тел. 250-12-34"


PIECES = (
    "8 701 123 45 67", "+7", "701", "4111 1111 1111 1111", "4111", "950630300121", "KZ86125KZT5004100100", "a@b.example",
    "@", "[PHONE_1]", "[PHONE_1_]", "[NAME_1]", "[EMAIL_1__]", "[", "]", "_1]", "[PHONE_", "[CUT_1]", "Иван", "Петров",
    "ивану", "Ivan", "паспорт", "45 08 123456", "N12345678", "тел.", "ул. Абая, д. 5", "көшесі", "12 Baker Street", "№",
    "заказ", "\n[cut]", "\n", " ", " ", "-", ".", ",", "(", ")", "<text>", "</case>", '"', "İ", "٣", "²", "ж", "word", "7",
    "123", "счет", "40817810099910004312", "\u00a0", "ИИН", "cvv 123", "  ", "\t", "<", ">", "\\", "{}", "\x00", "🙂",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
def test_restoring_gives_back_every_character(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(50):
        text = "".join(pick.choices(PIECES, k=pick.randrange(1, 60)))
        assert_restores(mask_text(text, ["Иван Петров", "Ivan"]), text)


@pytest.mark.parametrize("seed", range(10))
def test_restoring_gives_back_every_character_of_a_case(seed: int) -> None:
    pick = random.Random(seed)

    def some(most: int) -> str:
        return "".join(pick.choices(PIECES, k=pick.randrange(most)))

    for _ in range(20):
        given = case(
            *(
                document(
                    some(60),
                    subject=some(10),
                    sender=Address(some(8).replace("\n", " "), "ivan@mail.example"),
                    attachments=(attachment(some(30), some(5)),),
                    number=number,
                )
                for number in range(1, pick.randrange(2, 5))
            )
        )
        masked = mask_case(given)
        assert_restores(masked, render_case(given))
        assert "ivan@mail.example" not in masked.text

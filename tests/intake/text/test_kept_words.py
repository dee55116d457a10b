"""Words that look like a quotation or a signature and are the sender's own stay, and the mail is flagged where in doubt."""

import pytest

from llm_assets.intake.text.content import IN_DOUBT
from tests.support.mail.written_mail import mail, read

ANNA = "Anna Kim <anna@post.example>"
HTML = "text/html; charset=utf-8"
LAST = "Наклейку на чайник тоже замените."


def kept(body: str, subject: str = "Kettle", content_type: str = "text/plain; charset=utf-8") -> str:
    message = read(mail(body, sender=ANNA, subject=subject, content_type=content_type))
    assert all(line.strip("> ") in message.text for line in message.new_text.split("\n"))
    return message.new_text


@pytest.mark.parametrize("rule", ["--", "---", "—", "–", "__", "***", "==========", "_" * 32, "-" * 20])
@pytest.mark.parametrize(
    "below",
    [
        LAST,
        "And a second thing: may I return the lid as well?\nI need it by Monday.",
        "Тағы бір сұрақ: қақпағын қайтаруға бола ма?",
        "Про крышку\nвернуть в магазин",
    ],
)
def test_a_line_between_two_sections_begins_no_signature(rule: str, below: str) -> None:
    body = f"The kettle leaks.\n\n{rule}\n\n{below}"
    assert kept(body) == body


def test_the_conventional_separator_above_a_blank_line_and_sentences_is_no_signature() -> None:
    message = read(mail(f"The kettle leaks.\n\n-- \n\n{LAST}", sender=ANNA))
    assert message.new_text.endswith(LAST)
    assert IN_DOUBT in message.flags


@pytest.mark.parametrize("rule", ["-- ", "--", "—", "_" * 32])
@pytest.mark.parametrize(
    "below", ["Anna Kim\nBuyer, Lamp House LLP\n+7 700 000 00 01", "Анна Ким\nООО «Лампа»\nлампа.example"]
)
def test_a_name_below_a_line_is_a_signature(rule: str, below: str) -> None:
    message = read(mail(f"The kettle leaks and smokes.\n\n{rule}\n{below}", sender=ANNA))
    assert message.new_text == "The kettle leaks and smokes."
    assert IN_DOUBT not in message.flags


@pytest.mark.parametrize(
    "line",
    [
        "Sent by UPS on 3 March, number 99887766",
        "Sent from Shymkent with the courier of your shop",
        "Sent via Halyk 3.03, 12 500 tenge",
        "Sent from my account KZ75125KZT2069100100",
        "Sent from my desk, which is easier than my phone is.",
        "Sent with the claim of 3 March",
        "Отправлено через СДЭК 3 марта, накладная 99887766",
        "Отправлено из Шымкента третьего марта",
        "Отправлено с курьером вашего магазина",
        "Отправлено с телефона 3.03 на карту жены",
        "Отправлено из почты на улице Мира",
        "Шымкенттен 3 наурызда пошта арқылы жіберілді",
        "Қазпоштадан жіберілді",
        "Жіберілді: СДЭК, 3.03.2026",
        "Outlook for Android shows an error",
        "Скачать Outlook для Android не получается",
        "Скачал Outlook для Android",
        "Sent from the Samsung store in Semey",
        "Sent via mobile banking on Monday",
        "Sent by my husband from his phone",
        "Sent from Huawei service centre",
        "Отправлено из магазина Samsung",
        "Отправлено мужем с его телефона",
        "Samsung дүкенінен жіберілді",
    ],
)
def test_what_somebody_sent_is_no_line_of_a_telephone(line: str) -> None:
    assert kept(f"Where is my lamp?\n\n{line}") == f"Where is my lamp?\n\n{line}"


@pytest.mark.parametrize(
    "head",
    [
        "On 3 March 2026 at 12:40 your consultant wrote:",
        "Your consultant wrote on 3 March 2026:",
        "On 03.03.2026 my manager Oleg wrote to me:",
        "On Mar 3, 2026 at 12:40 PM Oleg from our branch wrote:",
        "3 марта 2026 ваш сотрудник сообщил:",
        "03.03.2026 в 12:40 мне консультант Олег написал:",
        "03.03.2026 сіздің маманыңыз жазды:",
        "03.03.2026 12:40 менеджер Олег <oleg@shop.example> написал:",
    ],
)
@pytest.mark.parametrize("subject", ["Kettle", "Re: Kettle"])
def test_what_a_customer_tells_that_somebody_wrote_is_content(head: str, subject: str) -> None:
    body = f"Good day.\n\n{head}\n«The lamp is on its way».\n\nNothing came. Please repay order 5150."
    message = read(mail(body, sender=ANNA, subject=subject))
    assert message.new_text == body
    assert IN_DOUBT in message.flags


def test_words_that_a_customer_quotes_by_hand_in_an_answer_are_kept() -> None:
    body = "Добрый день.\n\n03.03.2026 ваш оператор написал:\n> Лампа в пути\n\nНичего нет."
    assert kept(body, subject="Re: Лампа") == body


@pytest.mark.parametrize(
    "body",
    [
        "Новая заявка\n\nОт: Олег Цой <oleg@post.example>\nДата: 03.03.2026 12:40\nТема: Лампа\n\nСообщение:\nНе горит, заказ 5150.",
        "От: Олег Цой <oleg@post.example>\nТема: Лампа\n\nНе горит, заказ 5150.",
        "New request from the site\n\nFrom: Oleg Tsoi <oleg@post.example>\nSubject: Lamp\nDate: 3 March 2026\n\nMessage:\nIt is dark, order 5150.",
        "From: Oleg Tsoi <oleg@post.example>\nSubject: Lamp\n\nMessage Body:\nIt is dark, order 5150.",
        "Request\n--------------------\nFrom: Oleg <oleg@post.example>\nDate: 03.03.2026 12:40\nSubject: Lamp\n--------------------\nOrder 5150.",
        "Жаңа өтініш\n\nКімнен: Олег Цой <oleg@post.example>\nКүні: 03.03.2026\nТақырып: Шам\n\nХабарлама:\nЖанбайды, 5150.",
        "Кому: Директору ТОО «Лампа»\nОт: Кима Олега\nДата: 03.03.2026\nТема: Претензия\n\nПрошу заменить лампу, заказ 5150.",
        "To: The Director\nFrom: Anna Kim, client 5150\nDate: 3 March 2026\nSubject: Complaint\n\nPlease replace the lamp.",
        "Кімге: Директорға\nКімнен: Анна Ким, 5150 клиент\nТақырып: Шағым\n\nШамды ауыстырыңыз.",
        "Request\n=====================\nFrom: Oleg <oleg@post.example>\nTo: Lamps\nDate: 03.03.2026 12:40\nSubject: Lamp\n=====================\nOrder 5150.",
        "Change the ticket:\n\nFrom: Aktau\nTo: Semey\nDate: 3 March 2026 12:40\n\nTicket 5150, what is the fee?",
        "Билетті ауыстырыңыз:\n\nКімнен: Анна\nКімге: Олег\nКүні: 3 наурыз\n\n5150",
    ],
)
@pytest.mark.parametrize("subject", ["Lamp", "Re: Lamp"])
def test_lines_of_a_form_a_letter_or_a_journey_are_no_head_of_a_quoted_mail(body: str, subject: str) -> None:
    assert kept(body, subject) == body


@pytest.mark.parametrize(
    "body",
    [
        "Когда вернёте?\n\nС уважением, Анна Ким\nМой ИИН 850505400999\nIBAN KZ75125KZT2069100100",
        "Когда вернёте?\n\nС уважением,\nAnna Kim\nдоговор № 51/50\n+7 700 000 00 01",
        "When is it due?\n\nThanks, my data:\nAnna Kim\nIIN 850505400999",
        "As you asked:\n\nAnna Kim\n+7 700 000 00 01",
        "Добрый вечер!\n\nAnna Kim\nг. Семей, ул. Мира 3\n+7 700 000 00 01",
        "Қашан қайтарасыз?\n\nҚұрметпен,\nАнна Ким\nЖСН 850505400999\nшарт № 51/50",
        "Bring it to me.\n\nKind regards,\nAnna Kim\nDelivery address: 3 Mira St, flat 9",
        "Верните деньги.\n\nСпасибо!\n\nНомер заказа: 5150\nСумма: 12 500",
        "Сообщаю, как просили.\n\nС уважением, Анна Ким, ИИН 850505400999",
        "Bring it on Monday.\n\nRegards,\nAnna Kim\n3 Mira Street, apt 9, Semey",
        "Where is it?\n\nThanks,\nAnna\n#5150",
        "Block the card.\n--\nAnna Kim\nCard ending 5150",
        "Верните деньги.\n\nС уважением,\nАнна Ким\nг. Семей, ул. Мира, 3, кв. 9",
        "Верните деньги.\n\nС уважением,\n\nНаклейку на лампу поменяйте",
        "Верните деньги.\n\nС уважением,\nАнна Ким\nл/с 51-50",
        "Верните деньги.\n\nС уважением,\nАнна Ким\n12 500 тенге",
        "Верните деньги.\n\nС уважением,\nАнна Ким\nгосномер 515 ABC 02",
        "Верните деньги.\n\nС уважением,\nАнна Ким\n05.05.1985 г.р.",
        "Верните деньги.\n\nС уважением,\nАнна Ким\nKaspi: +7 700 000 00 01",
        "Верните деньги.\n\nС уважением,\nАнна Ким\nновый телефон +7 700 000 00 01",
        "Верните деньги.\n\nС уважением,\nАнна Ким\ne-mail для чека: anna2@post.example",
        "Қашан келеді?\n\nҚұрметпен,\nАнна Ким\nқайтару үшін +7 700 000 00 01",
        "Repair it.\n\nThanks,\nAnna Kim\nSerial number SN-5150",
        "Repair it.\n\nThanks,\nAnna Kim\nIMEI 356938035643809",
        "Change it.\n\nThanks,\nAnna Kim\nPNR: 5LAMP5",
        "Here is my phone number\n\nAnna Kim\n+7 700 000 00 01",
        "Отправляю вам свои контакты.\n\nС уважением,\nAnna Kim\n+7 700 000 00 01",
        "Please check:\n\n--\n1. the lamp\n2. the lid",
        "The lamp leaks.\n\n--\nAnna Kim\nMy new address: 3 Mira St",
    ],
)
def test_what_the_desk_asks_for_is_kept_below_a_closing_formula(body: str) -> None:
    assert kept(body) == body


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        ("The site refuses orders of\n> 30 lamps, code 77.\nWhy is that?", "Lamps"),
        ("Не принимает заказ на сумму\n>90 000 тг, код 77", "Re: Лампы"),
        ("I press\n> Lamps\n> Buy\n> code 77\nand nothing", "Lamps"),
        ("Меню\n-> Лампы\n--> Купить\n=> код 77\n>> снова", "Лампы"),
        (">> Шамдар >> Сатып алу\nқате 77", "Шамдар"),
    ],
)
def test_an_angle_bracket_that_marks_no_quotation_is_content(body: str, subject: str) -> None:
    assert kept(body, subject) == body


@pytest.mark.parametrize(
    "blockquote",
    [
        "<blockquote>",
        '<blockquote style="margin:0 0 0 40px;border:none;padding:0px">',
        '<blockquote class="webkit-indent-blockquote" style="margin: 0 0 0 40px; border: none; padding: 0px;">',
        '<blockquote style="border-left:3px solid #ccc">',
        '<blockquote class="gmail_quote" style="border-left:1px #ccc solid">',
        '<blockquote dir="ltr" style="margin-right:0px">',
    ],
)
@pytest.mark.parametrize("subject", ["Lamp", "Re: Lamp"])
def test_words_that_somebody_indented_are_content(blockquote: str, subject: str) -> None:
    page = f"<p>The message says:</p>{blockquote}<p>Order 5150 is refused</p></blockquote><p>Why?</p>"
    assert kept(page, subject, HTML) == "The message says:\n\nOrder 5150 is refused\n\nWhy?"


@pytest.mark.parametrize(
    "quotation",
    [
        '<div class="gmail_quote"><div class="gmail_attr">On Tue, Mar 3, 2026 at 12:40 PM Shop &lt;<a>s@shop.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote">{}</blockquote></div>',
        '<div class="moz-cite-prefix">03.03.2026 12:40, Shop пишет:<br></div><blockquote type="cite" cite="mid:1@shop">{}</blockquote>',
        "<div><br><blockquote type='cite'><div>On Mar 3, 2026, at 12:40, Shop &lt;s@shop.example&gt; wrote:</div><div>{}</div></blockquote></div>",
        '<blockquote style="border-left:1px solid #0857A6; margin:10px">Вторник, 3 марта 2026, 12:40 +05:00 от Shop &lt;<a>s@shop.example</a>&gt;:<br><div>{}</div></blockquote>',
        '<div>03.03.2026, 12:40, "Shop" &lt;s@shop.example&gt;:</div><blockquote><p>{}</p></blockquote>',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class=MsoNormal><b>From:</b> Shop<br><b>Sent:</b> Tuesday, March 3, 2026 12:40 PM<br><b>To:</b> Kim Anna<br><b>Subject:</b> Lamp</p></div><p class=MsoNormal>{}</p>',
        '<hr><div id="divRplyFwdMsg"><b>Кімнен:</b> Shop &lt;s@shop.example&gt;<br><b>Жіберілді:</b> 3 наурыз 2026 ж. 12:40<br><b>Кімге:</b> Anna<br><b>Тақырып:</b> Шам</div><div>{}</div>',
    ],
)
def test_what_a_mail_program_marked_is_cut_beside_indented_words(quotation: str) -> None:
    own = '<div>Order:</div><blockquote style="margin:0 0 0 40px;border:none">5150</blockquote>'
    page = own + quotation.format("Which order is it?")
    assert kept(page, content_type=HTML) == "Order:\n\n5150"


@pytest.mark.parametrize(
    "below",
    [
        "Head of Sales, Model Agency\n+7 700 000 00 01",
        "ТОО «Авто Плюс»\nтел. +7 700 000 00 01",
        "Price & Lamp LLP\nTel.: +7 700 000 00 01\nwww.lamp.example",
        "Kaspi Lamp LLP, +7 700 000 00 01",
    ],
)
def test_a_post_and_a_company_below_a_name_are_a_signature(below: str) -> None:
    message = read(mail(f"The kettle leaks and smokes.\n\nKind regards,\nAnna Kim\n{below}", sender=ANNA))
    assert message.new_text == "The kettle leaks and smokes."


@pytest.mark.parametrize(
    "own",
    ["I want to close my account.", "When was my phone number changed?", "Мой телефон не включается.", "Почему закрыт мой счёт?", "Менің телефоным жоғалды."],
)  # fmt: skip
@pytest.mark.parametrize("sign", ["--\nAnna Kim", "Kind regards,\nAnna Kim"])
def test_a_question_about_ones_own_telephone_announces_no_data(own: str, sign: str) -> None:
    assert kept(f"{own}\n\n{sign}\nTel: +7 700 000 00 01") == own

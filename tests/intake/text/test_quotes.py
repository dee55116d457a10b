"""What the sender newly wrote is told from what they quote and from how they sign."""

import pytest

from llm_assets.intake.text.envelope import Envelope
from llm_assets.intake.text.quotes import new_text
from tests.support.mail.written_mail import mail, read

OWN = "Карта так и не пришла, что делать?"
AGENT = "Ваша карта отправлена курьером."
ANNA = Envelope(sender="Анна Ким")


@pytest.mark.parametrize(
    "history",
    [
        f"On Thu, Nov 19, 2026 at 9:24 AM Bank <help@bank.example> wrote:\n\n> {AGENT}",
        f"On Thu, Nov 19, 2026 at 9:24 AM Bank Support Team of the Region <\nhelp@bank.example> wrote:\n\n> {AGENT}",
        f"On 19 Nov 2026, at 09:24, Bank <help@bank.example> wrote:\n> {AGENT}",
        f"On 19/11/2026 09:24, Bank wrote:\n> {AGENT}",
        f"чт, 19 нояб. 2026 г. в 09:24, Банк <help@bank.example>:\n\n> {AGENT}",
        f"чт, 19 нояб. 2026 г. в 09:24, Банк <help@bank.example>:\n{AGENT}",
        f"19.11.2026 09:24, Банк пишет:\n> {AGENT}",
        f"19 нояб. 2026 г., в 09:24, Банк <help@bank.example> написал(а):\n\n> {AGENT}",
        f"Четверг, 19 ноября 2026, 9:24 +05:00 от Банк <help@bank.example>:\n> {AGENT}",
        f'19.11.2026, 09:24, "Банк" <help@bank.example>:\n> {AGENT}',
        f"2026 ж. 19 қар., 09:24 Банк <help@bank.example> жазды:\n\n> {AGENT}",
        f"19.11.2026 09:24 Банк <help@bank.example> жазған:\n> {AGENT}",
        f"________________________________\nОт: Банк <help@bank.example>\nОтправлено: 19.11.2026 09:24\nКому: a@p.example\nТема: Re: Карта\n\n{AGENT}",
        f"________________________________\nFrom: Bank <help@bank.example>\nSent: Thursday, November 19, 2026 9:24 AM\nTo: a@p.example\nSubject: Card\n\n{AGENT}",
        f"________________________________\nКімнен: Банк <help@bank.example>\nЖіберілді: 19.11.2026 09:24\nКімге: a@p.example\nТақырып: Карта\n\n{AGENT}",
        f"*From:* Bank\n*Sent:* 19.11.2026\n*Subject:* Card\n\n{AGENT}",
        f"-----Original Message-----\nFrom: Bank\nSent: 19.11.2026\n\n{AGENT}",
        f"-----Исходное сообщение-----\n{AGENT}",
        f"> {AGENT}\n> > Где карта?",
    ],
)
def test_history_is_cut_in_the_style_of_every_mail_program(history: str) -> None:
    assert new_text(f"{OWN}\n\n{history}").text == OWN


def test_answers_between_quotes_and_below_them_are_kept() -> None:
    text = f"19.11.2026 09:24, Банк пишет:\n> Пришёл курьер?\nНет.\n> {AGENT}\n\nКогда ждать?\n"
    assert new_text(text).text == "Нет.\n\nКогда ждать?"


@pytest.mark.parametrize(
    "signature",
    [
        "С уважением,\nАнна Ким\nтел. +7 (700) 000-00-01",
        "--\nС уважением,\nАнна Ким",
        "-- \nAnna Kim\nhttps://kim.example",
        "Kind regards,\nAnna Kim",
        "Thanks!\nAnna",
        "Құрметпен,\nАнна Ким",
        "Рахмет, Анна",
        "Анна Ким\n+7 (700) 000-00-01",
        "Отправлено с iPhone",
        "Sent from my iPhone",
        "iPhone құрылғысынан жіберілді",
        "Best regards,\nAnna\n\nCONFIDENTIALITY NOTICE: This e-mail is intended only for the named recipient.",
        "Анна Ким\n\nЭто сообщение предназначено только адресату. Если вы получили его по ошибке,\nудалите его.",
        "Анна К. Ким",
        "Рахмет. АК",
        "С ув., Анна",
        "Менің iPhone-ымнан жіберілді",
        "Жіберілген құрылғы: Samsung",
        "Құрметпен,\nАнна Ким\nсату бөлімінің менеджері\nұялы: +7 700 000 00 01",
        "С уважением,\nАнна Ким\nменеджер отдела продаж\nТОО «Лампа»\nг. Алматы, ул. Абая 1",
        "Get [Outlook for Android](https://aka.example/x)",
    ],
)
def test_a_signature_is_cut(signature: str) -> None:
    assert new_text(f"{OWN}\n\n{signature}", ANNA).text == OWN


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for the card. It works now, but the limit is still wrong and I would like it raised.",
        "Спасибо, что ответили. Но деньги не пришли.",
        "Order of the day:\n- the lamp\n- the kettle",
        "On Monday I wrote:\nwhere is it? Nobody answered.",
        "Мой номер договора 19.11/2026, ответьте: да или нет?",
        "From what I see: nothing came.\nTo be honest: I am tired.",
        "Карта не пришла.\nАнна Ким\nПозвоните мне сегодня, пожалуйста, до шести.",
        "Карта не пришла.\nСпасибо\nP.S. Адрес тот же",
        "Карта не пришла.\n\nСпасибо, жду",
        "The card is lost.\n\nThanks, and talk to you soon.\n\nfile: loss.doc",
        "The card is lost.\n\nThis message is about my card ending in 42.",
        "Карта не пришла.\n\nЭто письмо отправляю второй раз, ответьте наконец.",
        "Карта не пришла.\n\nВажно: нужна до пятницы.",
        "The order is late.\n\nIf you have received my payment, send it today.",
        "What I ordered\n---------------------------------\nthe lamp and\nthe kettle",
        "The lamp is broken.\n\nThanks!\n\nI also want to ask\nabout the kettle",
        "Лампа разбилась.\n\nСпасибо!\n\nИ ещё хочу узнать\nпро чайник",
        "Шам сынып қалды.\n\nРахмет!\n\nМаған тағы шәйнек\nтуралы айтыңыз",
    ],
)
def test_text_that_only_looks_like_a_quote_or_signature_is_kept(text: str) -> None:
    assert new_text(text, ANNA).text == text


def test_a_forwarded_mail_is_content_when_nothing_is_added() -> None:
    inner = "Не могу войти в приложение."
    block = f"-------- Пересылаемое сообщение --------\n19.11.2026 10:00, Анна <a@p.example>:\n\n{inner}"
    assert new_text(block).text == inner
    assert new_text(f"Прошу обработать.\n\n{block}").text == f"Прошу обработать.\n\n{inner}"


def test_a_long_letter_about_a_forwarded_mail_is_the_content_itself() -> None:
    letter = "This purchase is not mine, I have never heard of that company, so please block the card and refund the money."
    assert (
        new_text(
            f"{letter}\n\n---------- Forwarded message ---------\nFrom: Shop <s@shop.example>\n\nPaid."
        ).text
        == letter
    )


def test_an_outlook_forward_counts_as_content_only_when_it_is_from_somebody_else() -> None:
    block = "________________________________\nFrom: {}\nSent: 19.11.2026 10:00\nSubject: Noise\n\nThe crane is loud."
    forwarded = mail("FYI\n\n" + block.format("Tal <tal@p.example>"), subject="FW: Noise")
    answered = mail("FYI\n\n" + block.format("Support <support@bank.example>"), subject="Fwd: Noise")
    assert read(forwarded).new_text == "FYI\n\nThe crane is loud."
    assert read(answered).new_text == "FYI"


def test_a_mail_of_quotes_alone_keeps_its_text() -> None:
    assert new_text("> nothing but this").text == "> nothing but this"


def test_an_html_blockquote_is_history() -> None:
    page = f"<div>{OWN}</div><div class='gmail_quote'>чт, 19 нояб. 2026 г. в 09:24, Банк &lt;h@b.example&gt;:<blockquote>{AGENT}</blockquote></div>"
    assert read(mail(page, content_type="text/html; charset=utf-8")).new_text == OWN


@pytest.mark.parametrize("line", ["> " * 2000, "On " * 5000, "From: a\n" * 500, "_" * 20000, "<a@b " * 4000])
def test_hostile_lines_are_read_in_linear_time(line: str) -> None:
    assert new_text(f"{OWN}\n" + line * 20).text

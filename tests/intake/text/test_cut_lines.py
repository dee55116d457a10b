"""Lines of telephones and heads of quoted mails are cut, whatever program and language; answers in a quoted mail are kept."""

import pytest

from llm_assets.intake.text.content import IN_DOUBT
from tests.support.mail.written_mail import mail, read

ANNA = "Anna Kim <anna@post.example>"
OWN = "Чайник 5150 течёт с первого дня."
QUESTION = "Which kettle is it?"
OUTLOOK = (
    "________________________________\nОт: Shop <support@bank.example>\nОтправлено: вторник, 3 марта 2026 г. 12:40\n"
    f"Кому: Anna <anna@post.example>\nТема: Re: чайник\n\n{QUESTION}"
)
DEVICES = [
    "Get Outlook for Android",
    "Get Outlook for iOS<https://aka.ms/o0ukef>",
    "Get [Outlook for Mac](https://aka.ms/x)",
    "Получить Outlook для Android<https://aka.ms/AAb9ysg>",
    "Скачайте Outlook для iOS",
    "Загрузить Outlook для Android",
    "Установите Outlook для iOS",
    "Android үшін Outlook жүктеп алу",
    "iOS жүйесіне арналған Outlook алыңыз",
    "Outlook für Android herunterladen",
    "Laden Sie Outlook für iOS herunter<https://aka.ms/o0ukef>",
    "Holen Sie sich Outlook für iOS",
    "Télécharger Outlook pour Android",
    "Obtenez Outlook pour iOS",
    "Scarica Outlook per Android",
    "Descargar Outlook para iOS",
    "Sent from Outlook for iOS",
    "Sent from my Galaxy",
    "Sent with Proton Mail secure email.",
    "Sent from Yahoo Mail for iPhone",
    "Sent from my cell, please excuse any typos",
    "Отправлено из Outlook для Android",
    "Отправлено с моего смартфона Huawei",
    "Отправлено из мобильной Яндекс Почты",
    "Отправлено из Почты для Windows",
    "iPhone-нан жіберілді",
    "Менің телефонымнан жіберілді",
    "Gesendet von Outlook für Android",
    "Von meinem iPhone gesendet",
    "Envoyé à partir de Outlook pour iOS",
    "Envoyé à partir d’Outlook pour Android",
    "Verzonden vanuit Mail voor Windows",
    "Odesláno z mého iPhonu",
    "Trimis de pe iPhone",
    "iPhone'dan gönderildi",
    "iPhoneから送信",
    "Descărcați Outlook pentru iOS",
    "Skaff deg Outlook for iOS",
    "Sent from TypeApp",
    "Get BlueMail for Android",
]


@pytest.mark.parametrize("line", DEVICES)
def test_the_line_of_a_telephone_is_cut_alone_and_above_history(line: str) -> None:
    for body in (f"{OWN}\n\n{line}", f"{OWN}\n\n{line}\n{OUTLOOK}", f"{OWN}\n\n{line}\n\nАнна Ким"):
        assert read(mail(body, sender="Анна Ким <anna@post.example>")).new_text == OWN


@pytest.mark.parametrize("line", DEVICES)
@pytest.mark.parametrize("below", ["", f"\n{OUTLOOK}"])
def test_a_mail_in_which_a_telephone_alone_wrote_has_no_new_text(line: str, below: str) -> None:
    assert read(mail(line + below, sender=ANNA)).new_text == ""


@pytest.mark.parametrize(
    "head",
    [
        "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Tuesday, March 3rd, 2026 at 12:40, Shop <s@shop.example> wrote:\n\n",
        "–––––––– Исходное сообщение ––––––––\n",
        "-----Oleg Tsoi/Shop wrote: -----\nTo: anna@post.example\nFrom: Oleg Tsoi/Shop\nDate: 03.03.2026 12:40\nSubject: Re: kettle\n\n",
        "Oleg Tsoi/Shop wrote on 03/03/2026 12:40:15:\n\n",
        "-------- Түпнұсқа хат --------\nЖіберуші: Shop <s@shop.example>\nКүні: 03.03.26 12:40\nКімге: anna@post.example\nТақырып: Re: шайнек\n\n",
        "-------- Oprindelig besked --------\nFra: Shop <s@shop.example>\nDato: 03.03.2026 12.40\nTil: anna@post.example\nEmne: kedel\n\n",
        "Кімнен: Shop <s@shop.example>\nЖіберілген: 2026 ж. 3 наурыз 12:40\nКімге: Anna <anna@post.example>\nТақырып: RE: шайнек\n\n",
        "2026 ж. 3 нау., сс, сағ. 12:40, Shop <s@shop.example> мынаны жазды:\n\n",
        "3 Mar 2026, 12:40 by s@shop.example:\n\n",
        "3 мар. 2026 г., 12:40 от s@shop.example:\n\n",
        "> 3 мар. 2026 г., в 12:40, Shop <s@shop.example> написал(а):\n> \n> ",
        "---- On Tue, 03 Mar 2026 12:40:00 +0500 Shop <s@shop.example> wrote ----\n\n",
        "От: Shop <s@shop.example>\nДата: вторник, 3 марта 2026 г. в 12:40\nКому: Anna <anna@post.example>\nТема: Re: чайник\n\n",
        "---- On Tue, 03 Mar 2026 12:40:00 +0500 Shop <s@shop.example> wrote ---\n\n",
        "───── Original Message ─────\nFrom: Shop <s@shop.example>\nDate: 03.03.2026\n\n",
        "−−−−− Исходное сообщение −−−−−\n",
        "-------- Исходное сообщение --------От: Shop <s@shop.example> Дата: 03.03.26 12:40 Кому: Anna Тема: Re: чайник\n\n",
        "---- Replied Message ----\n| From | Shop<s@shop.example> |\n| Date | 03/03/2026 12:40 |\n\n",
        "##- Please type your reply above this line -##\n\n",
        "-- Bitte oberhalb dieser Linie antworten --\n\n",
        "-- Пишите ответ выше этой строки --\n\n",
        "вторник, 3 марта 2026г., 12:40 +05:00 от Shop s@shop.example:\n\n",
        "Вы писали 3 марта 2026 г., 12:40:15:\n\n> ",
        "Gesendet: Dienstag, 3. März 2026 um 12:40 Uhr\nVon: Shop <support@bank.example>\nAn: Anna <anna@post.example>\nBetreff: Re: Kessel\n\n",
        'От: "Shop" <support@bank.example>\nКому: Anna\nОтправленные: Вторник, 3 Март 2026 г 12:40:00\nТема: Re: чайник\n\n',
        "Gönderen: Shop <support@bank.example>\nGönderildi: 3 Mart 2026 Salı 12:40\nKime: Anna\nKonu: Ynt: kettle\n\n",
        "вт, 3 мар. 2026 г. в 12:40, Служба поддержки <support@bank.example>:\n\n",
        '12:40, 3 марта 2026 г., "Shop" <support@bank.example>:\n\n',
        "On Mar 3, 2026, at 12:40 PM, your shop <support@bank.example> wrote:\n\n",
    ],
)
def test_the_head_of_a_quoted_mail_is_known_in_the_form_of_less_usual_programs(head: str) -> None:
    message = read(mail(f"{OWN}\n\n{head}{QUESTION}", sender=ANNA))
    assert message.new_text == OWN
    assert IN_DOUBT not in message.flags


HEAD = (
    "From: Shop <support@bank.example>\nSent: Tuesday, March 3, 2026 12:40 PM\nTo: Anna <anna@post.example>\n"
    "Subject: Re: kettle\n\n"
)


@pytest.mark.parametrize(
    ("cover", "quoted"),
    [
        ("My replies are inline.", "Which kettle? The 5150\nWhen bought? in March"),
        ("Мои ответы ниже.", "Which kettle? The 5150\nWhen bought? in March"),
        ("Ответила красным под вопросами.", "Which kettle? The 5150\nWhen bought? in March"),
        ("Жауаптарым төменде.", "Which kettle?\nThe 5150"),
        ("See below.", "Which kettle?\nThe 5150"),
        (
            "The papers are with you since Monday, as agreed.",
            "Which kettle?\n[AK] The 5150\nWhen bought? [AK] in March",
        ),
        ("The papers are with you since Monday, as agreed.", "Which kettle?\nAnswer: the 5150\nWhen bought?"),
        ("Документы у вас с понедельника, как и договорились.", "Какой чайник?\nОтвет: 5150"),
        ("Документы у вас с понедельника, как и договорились.", "Какой чайник? Ответ: 5150"),
        ("The papers are with you since Monday, as agreed.", "Which kettle?\n[Anna Kim] The 5150"),
        ("The papers are with you since Monday, as agreed.", "Which kettle?\nAK: The 5150"),
        ("The papers are with you since Monday, as agreed.", "Which kettle? Anna: The 5150"),
        ("Good day.", "Which kettle?\n==> The 5150"),
        ("Добрый день.", "Какой чайник?\n*** 5150"),
        ("Siehe meine Antworten unten.", "Welcher Kessel? Der 5150"),
        ("Mes réponses en rouge.", "Quelle bouilloire ? La 5150"),
        ("Ответила в вашем письме.", "Какой чайник? 5150"),
        ("Заполнила вашу анкету.", "Чайник: 5150"),
        ("Inline.", "Which kettle? The 5150"),
    ],
)
def test_answers_written_into_the_quoted_mail_are_kept_with_it(cover: str, quoted: str) -> None:
    older = "________________________________\nFrom: Anna <anna@post.example>\nSent: 02.03.2026 10:00\nTo: Shop <support@bank.example>\nSubject: kettle\n\nIt leaks."
    message = read(mail(f"{cover}\n\n{HEAD}{quoted}\n\n{older}", sender=ANNA))
    assert message.new_text == f"{cover}\n\n{quoted}"
    assert IN_DOUBT in message.flags


def test_marked_questions_between_the_answers_are_cut() -> None:
    head = "On Tue, Mar 3, 2026 at 12:40 PM Shop <support@bank.example> wrote:"
    body = f"My answers are below.\n\n{head}\n> Which kettle?\nThe 5150\n> When bought?\nin March"
    assert read(mail(body, sender=ANNA)).new_text == "My answers are below.\n\nThe 5150\nin March"
    inside = f"My answers are below.\n\n{head}\n> Which kettle? The 5150\n> When bought? in March"
    assert "> Which kettle? The 5150" in read(mail(inside, sender=ANNA)).new_text


@pytest.mark.parametrize(
    "cover",
    [
        "Anna here, the 5150.",
        "See the paper attached.",
        "Below is nothing new, the kettle leaks.",
        "Спасибо за ответ.",
    ],
)
def test_a_mail_that_mentions_no_answers_inside_is_cut_above_the_history(cover: str) -> None:
    message = read(mail(f"{cover}\n\n{HEAD}Which kettle?\nPlease answer.", sender=ANNA))
    assert message.new_text == cover


def below_outlook(cover: str, *quoted: str) -> str:
    head = (
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> Shop &lt;support@bank.example&gt;<br>'
        "<b>Sent:</b> Tuesday, March 3, 2026 12:40 PM<br><b>To:</b> Anna<br><b>Subject:</b> kettle</p></div>"
    )
    page = "".join([f"<p>{cover}</p>", head, *(f"<p>{line}</p>" for line in quoted)])
    return read(mail(page, sender=ANNA, content_type="text/html; charset=utf-8")).new_text


def coloured(words: str, colour: str = "color:red") -> str:
    return f'<span style="{colour}">{words}</span>'


@pytest.mark.parametrize("colour", ["color:red", "color: rgb(200, 38, 19)", "font-size:11pt;color:#0070C0"])
def test_answers_in_a_colour_below_each_question_are_kept(colour: str) -> None:
    cover = "All the papers are with you since last Monday, as we agreed by phone then."
    quoted = [
        "Which kettle?",
        coloured("The 5150", colour),
        f"When bought?&nbsp;{coloured('in March', colour)}",
    ]
    new_text = below_outlook(cover, *quoted)
    assert cover in new_text
    assert "The 5150" in new_text
    assert "in March" in new_text


def test_one_answer_in_a_colour_counts_below_a_greeting_only() -> None:
    quoted = ["Which kettle?", coloured("The 5150")]
    assert "The 5150" in below_outlook("Good day!", *quoted)
    assert below_outlook("The kettle leaks since Monday.", *quoted) == "The kettle leaks since Monday."


@pytest.mark.parametrize(
    "quoted",
    [
        [coloured("Which kettle?", "color:#1F497D"), coloured("When bought?", "color:#1F497D"), coloured("Shop", "color:#1F497D")],
        ["Which kettle?", coloured("When bought?", "color:#000"), coloured("Shop", "color:#777")],
        ['Questions? <a href="x" style="color:#d00">Call us</a>'],
    ],
)  # fmt: skip
def test_colours_of_the_desk_are_no_answers(quoted: list[str]) -> None:
    assert below_outlook("Good day!", *quoted) == "Good day!"

"""Of several renderings of the same words a mail keeps one, the one that has them."""

import time

import pytest

from llm_assets.domain.mail.document import Message
from tests.support.mail.written_mail import mail, multipart, part, read

PAGE = "<p>Good day!</p><p>Transfer 731204 did not arrive, please look into it.</p>"
WORDS = "Good day! Transfer 731204 did not arrive, please look into it."
HTML = "text/html; charset=utf-8"


def alternative(plain: str, page: str = PAGE) -> Message:
    return read(multipart(part(plain), part(page, HTML), kind="alternative"))


@pytest.mark.parametrize(
    "plain",
    [
        "\u200b\u200b\ufeff",
        "\u00a0 \u3000",
        "&nbsp;&#160;&zwnj;",
        "-----",
        "[cid:ii_7f3]",
        "[image: stamp.png]\n\n[image: sign.png]",
        "see html",
        "Смотрите HTML",
        "[Рисунок]",
        "stamp_01.png",
        "https://mail.example/view?id=7",
        "<https://mail.example/view>",
        "View in browser",
        "Trouble viewing this email? Read it online: https://mail.example/7",
        "This message is in HTML.\nSwitch to a reader that can show it.",
        "To read this letter please use an HTML compatible\nmail program.",
        "Your program can't display this message. Click here: http://mail.example",
        "(no text)",
        "Откройте письмо в браузере",
        "Просмотреть в веб-версии: https://mail.example/7",
        "Ваша почтовая программа не поддерживает\nписьма в виде HTML.",
        "Если сообщение не отображается, перейдите по ссылке.\n\nhttps://mail.example/7",
        "Хатты браузерде қараңыз",
        "Пошта бағдарламаңыз HTML хабарламаларын қолдамайды",
        "View online: https://mail.example/7\n\nTransfer 731204\n\nUnsubscribe",
        "Transfer 731204",
        "null",
        "N/A",
        "Text version",
        "{{ text }}",
        "\u3164",
        "Sent from my iPhone",
        "Отправлено с iPhone",
        "Diese Nachricht im Browser ansehen",
        "Voir ce message dans votre navigateur",
        "Ver este correo en el navegador",
        "Хатты онлайн қарау",
    ],
)
def test_a_plain_part_without_the_words_gives_way_to_the_page(plain: str) -> None:
    message = alternative(plain)
    assert message.text.split() == WORDS.split()
    assert "html_only" in message.flags


@pytest.mark.parametrize(
    ("plain", "page"),
    [
        (
            "My browser shows html error 500 in your cabinet.",
            "<p>My browser shows html error 500 in your cabinet.</p>",
        ),
        ("Please block card 9, your page cannot be opened online.", PAGE),
        ("Yes, block it.", "<p>Yes, block it.</p><p>Anna</p>"),
        ("I agree.", f"<p>I agree.</p><blockquote type=cite>{PAGE * 5}</blockquote>"),
        ("[12] boxes came, [13] did not.", PAGE),
        ("View in browser", "<img src=x>"),
        ("none", "<p>none</p>"),
        ("Plain text", PAGE),
        ("The text of it is wrong.", PAGE),
        ("Sent from my iPhone", "<p>Sent from my iPhone</p>"),
        ("View in browser", "<p>View in browser</p>"),
    ],
)
def test_a_plain_part_with_words_of_its_own_stays(plain: str, page: str) -> None:
    message = alternative(plain, page)
    assert message.text.strip() == plain
    assert "html_only" not in message.flags


def test_the_part_for_amp_is_read_only_where_there_is_no_other() -> None:
    amp = part("<html amp4email><body><p>Tap here</p></body></html>", "text/x-amp-html; charset=utf-8")
    page, empty = part(PAGE, HTML), part("&nbsp;")
    for order in ((empty, amp, page), (empty, page, amp)):
        assert read(multipart(*order, kind="alternative")).text.split() == WORDS.split()
    assert read(multipart(part("Tap"), amp, kind="alternative")).text.strip() == "Tap"
    assert read(multipart(empty, amp, kind="alternative")).text == "Tap here"


FILE = part("Sum 12", "text/plain", "Content-Disposition: attachment; filename=sum.txt")


@pytest.mark.parametrize("kind", ["mixed", "related"])
@pytest.mark.parametrize(
    "parts",
    [
        (part(WORDS), part(PAGE, HTML)),
        (part(PAGE, HTML), part(WORDS)),
        (part(PAGE, HTML), part(PAGE, HTML)),
        (part(WORDS), FILE, part(PAGE, HTML)),
        (part("Read this letter in your browser"), part(PAGE, HTML)),
        (part("1. Good day! 2. _Transfer_ 731204 did not arrive, please look into it."), part(PAGE, HTML)),
        (part(WORDS), part(f"{PAGE}<img alt='Our stamp' src=x>", HTML)),
        (part(WORDS), part(WORDS)),
        (part(f"{WORDS}\n[cid:logo]"), part(f"<div>{PAGE}</div>", HTML), part(PAGE, HTML)),
    ],
)
def test_the_same_words_in_several_parts_are_read_once(kind: str, parts: tuple[bytes, ...]) -> None:
    message = read(multipart(*parts, kind=kind))
    assert message.text.count("731204") == message.new_text.count("731204") == 1
    assert [a.filename for a in message.attachments] == (["sum.txt"] if FILE in parts else [])


@pytest.mark.parametrize(
    "parts",
    [
        (part(WORDS), part(PAGE.replace("731204", "731205"), HTML)),
        (part("First half"), FILE, part("Second half")),
        (part("<p>First half</p>", HTML), FILE, part("<p>Second half</p>", HTML)),
        (
            part("Yes"),
            part("<p>Answer yes or no, and tell us when, where and by whom it was paid.</p>", HTML),
        ),
        (part("Ring me"), part("Ring me")),
    ],
)
def test_parts_that_say_different_things_are_all_read(parts: tuple[bytes, ...]) -> None:
    alone = [read(multipart(p)).text.strip() for p in parts if p is not FILE]
    assert read(multipart(*parts)).text.replace("\n", " ") == "\n\n".join(alone).replace("\n", " ")


@pytest.mark.parametrize(
    "content_type",
    ["text/html (page)", "text/ html; charset=utf-8", "HTML", "text/html charset=utf-8", "text\\html", "text/html/x", "",
     "application/xhtml+xml", "page", "text/x-html", "text/vnd.html", "message/html", "text/unknown"],
)  # fmt: skip
@pytest.mark.parametrize(
    "page", [f"<html><body>{PAGE}</body></html>", PAGE, f"\ufeff\r\n<!DOCTYPE html>{PAGE}"]
)
def test_a_page_under_a_broken_type_is_read_as_a_page(content_type: str, page: str) -> None:
    message = read(mail(page, content_type=content_type))
    assert message.text.split() == WORDS.split()
    assert "html_only" in message.flags


@pytest.mark.parametrize(
    "words",
    [
        f"<!doctype html>\n<html><body>{PAGE}</body></html>\n",
        f"<!-- made by a form -->{PAGE}",
        "<div>Good day! Transfer 731204</div><div>did&nbsp;not arrive, please look into it.</div>",
        "Good day!<br>Transfer 731204 did not arrive,<br/>please look into it.",
        "Good day!<br />\r\nTransfer 731204 did not<br />\r\narrive, please look into it.<br />",
        "<p>Good day! Transfer 731204 did not arrive, please look into it.",
        "<strong>Good day!</strong> Transfer 731204<br>did not arrive, <b>please look into it.</b> ",
        '<font size="2">Good day! Transfer 731204 did not arrive, please look into it.</font>',
        f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{PAGE}</body></html>',
        "<table><tr><td>Good day! Transfer</td><td>731204 did not arrive, please look into it.</td></tr></table>",
    ],
)
def test_a_page_that_is_declared_plain_is_read_as_a_page(words: str) -> None:
    assert read(mail(words)).text.split() == WORDS.split()


@pytest.mark.parametrize(
    "words",
    [
        "<b>Urgent</b>: card 9",
        "Use <br> and <br/> to break lines.",
        "Your page shows <p>Hello</p> instead of my name.",
        "See `<p>a</p>` and `<p>b</p>`.",
        "My form:\n<div>\n  <p>x</p>\n</div>\nWhy is it empty?",
        "<div>\n  <p>x</p>\n</div>\n\nWhy is this empty on your page?",
        "<order><id>7</id></order>",
        "<p> is what I see on your page",
        "<b>Urgent</b>, use <br> here",
        "<anna@post.example> wrote to me about a < b and c > d",
        "```\n<div>x</div>\n```",
    ],
)
def test_words_about_html_stay_words(words: str) -> None:
    assert read(mail(words)).text.replace("\r", "") == words


def test_a_letter_that_begins_with_an_address_and_has_no_type_is_plain() -> None:
    words = "<a@post.example> asked me to write. <b>"
    assert read(mail(words, content_type="")).text == words


def test_characters_that_take_no_place_part_no_words() -> None:
    words = (
        "Trans\u200bfer 73\u200d12\u206004\ufeff did \u202anot\u202c ar\u00adrive \U0001f468\u200d\U0001f469"
    )
    seen = "Transfer 731204 did not arrive \U0001f468\u200d\U0001f469"
    assert read(mail(words)).text == seen
    assert read(mail(f"<p>{words}</p>", content_type=HTML)).new_text == seen


def test_a_thousand_renderings_take_no_time() -> None:
    parts = [
        p for n in range(450) for p in (part(f"see the browser {n}"), part(f"<p>number {n}</p>" * 30, HTML))
    ]
    for kind in ("alternative", "mixed"):
        data = multipart(*parts, kind=kind)
        started = time.process_time()
        assert read(data).ok
        assert time.process_time() - started < 10

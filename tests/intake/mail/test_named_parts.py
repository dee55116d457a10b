"""A file name makes no attachment of the text of a mail, and a broken header takes no name from a file."""

import pytest

from llm_assets.intake.mail.headers import parameters
from tests.support.mail.written_mail import mail, multipart, part, read

WORDS = "Transfer 731204 did not arrive."
PDF = part(b"%PDF-1.4\n", "application/pdf", "Content-Disposition: attachment; filename=a.pdf")


def named(name: str, disposition: str = "inline", content: str = WORDS, kind: str = "text/plain") -> bytes:
    header = f'Content-Disposition: {disposition}; filename="{name}"'
    return part(content, f'{kind}; charset=utf-8; name="{name}"', header)


def page(name: str, disposition: str = "inline") -> bytes:
    return named(name, disposition, f"<p>{WORDS}</p>", "text/html")


def nested(data: bytes) -> bytes:
    """A multipart as a part of another one."""
    head, _, rest = data.partition(b"\r\n\r\n")
    kind = next(line for line in head.split(b"\r\n") if line.startswith(b"Content-Type"))
    return (kind + b"\r\n\r\n" + rest).replace(b"frontier", b"inner")


@pytest.mark.parametrize(
    "data",
    [
        mail(WORDS, headers='Content-Disposition: inline; filename="letter.txt"'),
        mail(WORDS, headers='Content-Disposition: attachment; filename="letter.txt"'),
        mail(WORDS, content_type="text/plain; charset=utf-8; name=letter.txt"),
        mail(f"<p>{WORDS}</p>", content_type="text/html; charset=utf-8; name=letter.html"),
        multipart(named("x.txt"), page("x.html"), kind="alternative"),
        multipart(named("x.txt", "attachment"), page("x.html", "attachment"), kind="alternative"),
        multipart(part("&nbsp;"), page("x.html"), kind="alternative"),
        multipart(page("x.html"), kind="related"),
        multipart(named("x.txt"), kind="signed"),
        multipart(named("x.txt")),
        multipart(named("body.txt", "attachment")),
        multipart(page("message.html")),
        multipart(named("ATT00001.txt", "attachment")),
        multipart(part("\r\n"), named("ATT00002.txt", "attachment")),
        multipart(named("сообщение.txt", "attachment")),
        multipart(named("хат.txt", "attachment")),
        multipart(named("message.txt"), page("message.html")),
        multipart(nested(multipart(named("x.txt"), page("x.html"), kind="alternative"))),
    ],
)
def test_the_text_of_a_mail_is_its_body_whatever_its_name(data: bytes) -> None:
    message = read(data)
    assert (message.text.strip(), message.attachments) == (WORDS, ())
    assert "empty_body" not in message.flags


def test_a_first_part_that_is_named_as_a_body_is_read_before_the_footer_of_a_list() -> None:
    assert read(multipart(named("message.txt"), part("To leave the list, write to us."))).text.startswith(
        WORDS
    )


def test_the_files_beside_a_named_body_stay_files() -> None:
    message = read(multipart(page("mail.htm"), PDF))
    assert (message.text, [a.filename for a in message.attachments]) == (WORDS, ["a.pdf"])


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (multipart(part("See the file."), named("notes.txt")), "See the file."),
        (multipart(part("See the file."), named("body.txt", "attachment")), "See the file."),
        (
            multipart(part("See."), named("notes.txt"), part("<p>See.</p>", "text/html"), kind="alternative"),
            "See.",
        ),
        (multipart(part("\r\n"), named("notes.txt")), ""),
        (multipart(named("notes.txt", "attachment"), PDF), ""),
    ],
)
def test_a_text_that_is_attached_stays_an_attachment(data: bytes, text: str) -> None:
    message = read(data)
    assert message.text.strip() == text
    assert message.attachments[0].text == WORDS


def test_a_mail_that_is_one_attached_document_keeps_it_as_an_attachment() -> None:
    message = read(mail(WORDS, headers="Content-Disposition: attachment; filename=list.doc"))
    assert [a.filename for a in message.attachments] == ["list.doc"]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment filename="акт.txt"', "акт.txt"),
        ('attachment, filename="акт.txt"', "акт.txt"),
        ('filename="акт.txt"', "акт.txt"),
        ('"attachment"; filename="акт.txt', "акт.txt"),
        ("attachment; filename=my act.txt size=7", "my act.txt"),
        ('attachment; filename="act.txt" size=7; x', "act.txt"),
        ("attachment;; filename=act.txt;", "act.txt"),
        ('attachment; filename="%D0%B0%D0%BA%D1%82.txt"', "акт.txt"),
        ('attachment; filename="50%25 act %D0.txt"', "50%25 act %D0.txt"),
        ("attachment; filename*=%D0%B0%D0%BA%D1%82.txt", "акт.txt"),
        ("attachment; filename*=''%D0%B0%D0%BA%D1%82.txt", "акт.txt"),
        ("attachment filename*=utf-8''%D0%B0%D0%BA%D1%82.txt", "акт.txt"),
        ('attachment; filename*="=?utf-8?B?0LDQutGCLnR4dA==?="', "акт.txt"),
        ("attachment; filename*0*=utf-8''%D0%B0; filename*1=%D0%BA%D1%82; filename*4=.txt", "акт.txt"),
        ("attachment; filename=act.txt; filename*=", "act.txt"),
        ("attachment; filename*1=act; filename*2=.txt", "act.txt"),
        ("attachment; filename*=utf-8''act%00.txt", "act.txt"),
        ('attachment; filename="act\u202etxt.exe"', "acttxt.exe"),
        ("attachment; filename*=utf-8''%E2%81%A6act%E2%81%A9.txt%E2%80%8B", "act.txt"),
        ('attachment; filename="a;b=c.txt"; size=7', "a;b=c.txt"),
    ],
)
def test_a_broken_disposition_keeps_the_file_and_its_name(disposition: str, name: str) -> None:
    file = part(WORDS, "text/plain; charset=utf-8", f"Content-Disposition: {disposition}")
    message = read(multipart(part("See."), file))
    (attachment,) = message.attachments
    assert (attachment.filename, attachment.text, message.text.strip()) == (name, WORDS, "See.")


@pytest.mark.parametrize(
    "value",
    [
        b"text/plain charset=koi8-r; format=flowed",
        b"text/plain; charset=koi8-r format=flowed",
        b'text/plain;; charset="koi8-r" , format=flowed',
        b"charset=koi8-r; format=flowed",
    ],
)
def test_parameters_without_a_semicolon_between_them_are_told_apart(value: bytes) -> None:
    assert parameters(value) == {"charset": "koi8-r", "format": "flowed"}


def test_a_value_without_parameters_has_none() -> None:
    assert [parameters(v) for v in (b"text/plain", b"attachment", b";;;", b"", None)] == [{}] * 5


@pytest.mark.parametrize(
    "value", [b";" * 99_000, b" " * 99_000, b"; a=b charset=" * 7_000, b'; a="' + b"\\" * 99_000]
)
def test_a_long_value_is_read_in_time(value: bytes) -> None:
    assert len(parameters(b"text/plain" + value)) < 10

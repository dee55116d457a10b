"""What the reader makes of one mail: head, body, attachments, flags, identity."""

import binascii
import hashlib
from datetime import datetime, timedelta, timezone

import pytest

from llm_assets.domain.mail.document import Address
from llm_assets.intake.mail.mail import read_mail
from llm_assets.intake.read import read_bytes
from llm_assets.intake.reading import Reading
from tests.support.mail.written_mail import docx, mail, multipart, part, pdf, read


def test_a_plain_mail_is_read_with_its_head_and_body() -> None:
    message = read(
        mail("Where is my card?\r\n", headers="In-Reply-To: <q1@bank.example>\r\nCc: b@post.example")
    )
    assert message.ok
    assert message.sender == Address("Anna Kim", "anna@post.example")
    assert [a.address for a in message.to] == ["support@bank.example"]
    assert [a.address for a in message.cc] == ["b@post.example"]
    assert message.subject == "Card"
    assert message.date == datetime(2026, 11, 20, 8, 0, tzinfo=timezone(timedelta(hours=5)))
    assert message.message_id == "a1@post.example"
    assert message.in_reply_to == "q1@bank.example"
    assert message.text.strip() == "Where is my card?"
    assert message.flags == ()


def test_an_empty_input_is_unreadable_and_says_so() -> None:
    message = next(read_bytes(b" \r\n", path="empty.eml"))
    assert not message.ok
    assert message.error is not None and message.error.kind == "empty"


def test_noise_without_headers_is_unreadable() -> None:
    noise = bytes(range(256)) * 40
    assert not next(read_bytes(noise, path="noise.eml")).ok


def test_a_mail_without_headers_is_read_as_its_text() -> None:
    message = read("\nесть кто живой?\n".encode())
    assert message.ok and message.text.strip() == "есть кто живой?"


def test_the_plain_part_of_an_alternative_is_the_body() -> None:
    message = read(multipart(part("plain words"), part("<p>html words</p>", "text/html"), kind="alternative"))
    assert message.text.strip() == "plain words"
    assert message.attachments == ()


def test_the_html_part_is_the_body_when_the_plain_one_is_empty() -> None:
    message = read(multipart(part(" \n"), part("<p>html words</p>", "text/html"), kind="alternative"))
    assert message.text == "html words"
    assert "html_only" in message.flags


def test_a_plain_part_that_only_points_to_the_html_part_is_passed_over() -> None:
    letter = "<p>" + "My order came without the lamp. " * 20 + "</p>"
    notice = part("Your mail program cannot show HTML.")
    message = read(multipart(notice, part(letter, "text/html"), kind="alternative"))
    assert message.text.startswith("My order came")


def test_an_attachment_keeps_name_size_digest_and_text() -> None:
    file = docx("Договор № 7", "Сумма 1 200")
    message = read(
        multipart(
            part("see file"),
            part(file, "application/octet-stream", 'Content-Disposition: attachment; filename="d.docx"'),
        )
    )
    (attachment,) = message.attachments
    assert (attachment.filename, attachment.size, attachment.text_source) == ("d.docx", len(file), "office")
    assert attachment.text == "Договор № 7\nСумма 1 200"


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename*=utf-8''%D0%B0%D0%BA%D1%82.txt", "акт.txt"),
        ("attachment; filename*0*=utf-8''%D0%B0%D0; filename*1*=%BA%D1%82.txt", "акт.txt"),
        ('attachment; filename="=?koi8-r?B?wcvULnR4dA==?="', "акт.txt"),
        ('attachment; filename="..\\\\..\\\\etc\\\\act.txt"', "act.txt"),
        ('attachment; filename="a\\"b;c.txt"', 'a"b;c.txt'),
    ],
    ids=["rfc2231", "continued", "rfc2047", "folders", "quotes"],
)
def test_file_names_are_decoded_and_lose_their_folders(disposition: str, name: str) -> None:
    message = read(multipart(part("x"), part("y", "text/plain", f"Content-Disposition: {disposition}")))
    assert [a.filename for a in message.attachments] == [name]


def test_a_picture_shown_in_the_html_is_told_from_an_attachment() -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
    body = part('<img src="cid:logo">hello', "text/html")
    message = read(multipart(body, part(png, "image/png", "Content-ID: <logo>"), kind="related"))
    assert [("inline" in a.flags) for a in message.attachments] == [True]


def test_a_mail_inside_a_mail_is_an_attachment_with_its_text() -> None:
    inner = mail("The crane is loud at night.", subject="Noise")
    outer = multipart(part("please look"), b"Content-Type: message/rfc822\r\n\r\n" + inner)
    message = read(outer)
    (attachment,) = message.attachments
    assert attachment.text_source == "message"
    assert "Subject: Noise" in attachment.text and "The crane is loud" in attachment.text
    assert message.new_text == "please look\n\nThe crane is loud at night."


def test_a_mail_forwarded_inside_a_long_letter_is_not_its_own_words() -> None:
    inner = mail("The crane is loud at night.", subject="Noise")
    letter = "I have spoken to the neighbours about this twice already and would like you to answer them in writing."
    message = read(multipart(part(letter), b"Content-Type: message/rfc822\r\n\r\n" + inner))
    assert message.new_text == letter


def test_the_record_id_is_that_of_message_id_and_sender() -> None:
    first = read(mail("one"))
    assert read(mail("two", headers="Received: from elsewhere")).record_id == first.record_id
    assert read(mail("one", sender="forger@post.example")).record_id != first.record_id


def test_the_content_hash_ignores_transport_and_sees_words() -> None:
    first = read(mail("one"))
    assert (
        read(mail("one", headers="Received: from elsewhere\r\nX-Spam: 0")).content_hash == first.content_hash
    )
    assert read(mail("two")).content_hash != first.content_hash


def test_the_content_hash_covers_the_quoted_mail_that_a_short_answer_is_shown_with() -> None:
    def answered(own: str, asked: str) -> str:
        return read(mail(f"{own}\n\nOn 3 Mar 2026, Bank <b@bank.example> wrote:\n> {asked}")).content_hash

    assert answered("Yes", "Is it card one?") != answered("Yes", "Is it card two?")
    enough = "Yes, it is the first one"
    assert answered(enough, "Is it card one?") == answered(enough, "Is it card two?")


@pytest.mark.parametrize(
    ("header", "flag"),
    [
        ("Auto-Submitted: auto-replied", "auto_submitted"),
        ("Precedence: bulk", "bulk"),
        ("List-Unsubscribe: <mailto:u@list.example>", "bulk"),
    ],
)
def test_machine_mail_is_flagged(header: str, flag: str) -> None:
    assert flag in read(mail("x", headers=header)).flags


def test_an_empty_body_is_flagged() -> None:
    assert "empty_body" in read(mail("")).flags


def test_a_missing_end_of_the_multipart_is_flagged_and_its_parts_are_kept() -> None:
    data = multipart(part("first"), part("second"))
    message = read(data[: data.rindex(b"--frontier--")])
    assert "truncated" in message.flags
    assert "first" in message.text and "second" in message.text


def test_a_thousand_nested_multiparts_end_in_a_flag_and_not_in_a_crash() -> None:
    body = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(1000)
    )
    message = read(b"From: a@post.example\r\n" + body + b"\r\ndeep")
    assert message.ok and "too_deep" in message.flags


def test_parts_beyond_the_limit_are_left_out_and_flagged() -> None:
    message = read(multipart(*(part(f"part {n}") for n in range(10_000))))
    assert "too_many_parts" in message.flags
    assert "part 0\n" in message.text + "\n"


def test_a_nested_multipart_whose_boundary_is_the_outer_one_with_two_dashes_is_told_apart() -> None:
    inner = (
        b'Content-Type: multipart/mixed; boundary="x--"\r\n\r\n--x--\r\n\r\nwhere is my card\r\n--x----\r\n'
    )
    message = read(mail(b"--x\r\n" + inner + b"\r\n--x--\r\n", content_type='multipart/mixed; boundary="x"'))
    assert message.text.strip() == "where is my card"


def test_a_first_part_whose_delimiter_is_missing_is_read_and_flagged() -> None:
    lost = b"Content-Type: text/plain; charset=utf-8\r\n\r\nwhere is my card\r\n\r\n"
    rest = b"--b\r\nContent-Type: text/html\r\n\r\n<p>where is my card</p>\r\n--b--\r\n"
    data = b'From: a@p.example\r\nContent-Type: multipart/alternative; boundary="b"\r\n' + lost + rest
    message = read(data)
    assert message.text.strip() == "where is my card"
    assert "malformed_mime" in message.flags and "html_only" not in message.flags


def test_base64_with_a_footer_in_clear_keeps_both() -> None:
    data = mail(
        b"aGVsbG8gd29ybGQ=\r\nSent by a list. Unsubscribe there!\r\n",
        headers="Content-Transfer-Encoding: base64",
    )
    assert read(data).text.startswith("hello world") and "Unsubscribe" in read(data).text


def test_an_mbox_gives_its_messages_in_order_without_escapes() -> None:
    box = b"From a@x Fri Nov 20 08:00:00 2026\n" + mail("one\n>From here on").replace(b"\r\n", b"\n")
    box += b"\n\nFrom b@x Fri Nov 20 08:01:00 2026\n" + mail("two\n\nFrom my point of view fine").replace(
        b"\r\n", b"\n"
    )
    found = list(read_bytes(box, path="day.mbox"))
    assert [m.index for m in found] == [0, 1]
    assert found[0].text.strip() == "one\nFrom here on"
    assert found[1].text.strip() == "two\n\nFrom my point of view fine"


def test_uuencoded_files_are_decoded() -> None:
    encoded = b"begin 644 a.txt\n#8V%T\n`\nend\n"
    file = (
        b"Content-Type: application/octet-stream; name=a.txt\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n"
        + encoded
    )
    (attachment,) = read(multipart(part("x"), file)).attachments
    assert attachment.text == "cat"


def uuencoded(data: bytes, name: str = "a.txt", end: bytes = b"`\r\nend\r\n", trim: bool = False) -> bytes:
    lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
    coded = b"".join((line.rstrip() if trim else line.rstrip(b"\n")) + b"\r\n" for line in lines)
    return b"begin 644 " + name.encode("cp1251") + b"\r\n" + coded + end


ZEROS = b"card" + bytes(90) + b"x" * 30 + bytes(61)


@pytest.mark.parametrize(
    ("block", "size"),
    [
        pytest.param(uuencoded(ZEROS), 185, id="whole"),
        pytest.param(uuencoded(ZEROS, trim=True), 185, id="blanks-lost"),
        pytest.param(uuencoded(ZEROS, end=b" \r\n\r\nend\r\n"), 185, id="blank-for-nothing"),
        pytest.param(uuencoded(ZEROS, end=b"end\r\n"), 185, id="no-last-line"),
        pytest.param(
            uuencoded(ZEROS).replace(b"\r\n", b"A\r\n", 2).replace(b"txtA", b"txt"), 185, id="checksum"
        ),
    ],
)
def test_a_uuencoded_file_between_the_words_is_an_attachment(block: bytes, size: int) -> None:
    message = read(mail(b"See the file.\r\n\r\n" + block + b"\r\nBye\r\n"))
    (attachment,) = message.attachments
    assert (attachment.filename, attachment.size) == ("a.txt", size)
    assert attachment.sha256 == hashlib.sha256(ZEROS).hexdigest()
    assert (message.text.split(), message.flags) == (["See", "the", "file.", "Bye"], ())


def test_several_uuencoded_files_are_read_by_what_they_are_in_any_part() -> None:
    blocks = uuencoded(pdf("Invoice 42"), "счёт.pdf") + b"\r\n" + uuencoded("Акт № 7".encode(), "акт.txt")
    for data in (
        mail(b"Both:\r\n" + blocks, content_type="text/plain; charset=cp1251"),
        multipart(b"Content-Type: text/plain; charset=cp1251\r\n\r\nBoth:\r\n" + blocks, part("x")),
    ):
        first, second = read(data).attachments
        assert (first.filename, first.text.strip()) == ("счёт.pdf", "Invoice 42")
        assert (second.filename, second.text) == ("акт.txt", "Акт № 7")


@pytest.mark.parametrize(
    "after",
    [b"", b"-- \r\nSent from a list\r\n", b"Sent from a list\r\nend\r\n"],
    ids=["cut", "with a footer", "with a line between"],
)
def test_a_cut_uuencoded_file_keeps_what_came_and_says_so(after: bytes) -> None:
    coded = uuencoded(bytes(range(256)), end=b"")
    message = read(mail(b"See:\r\n" + coded[:200] + (b"\r\n" if after else b"") + after))
    (attachment,) = message.attachments
    assert "truncated" in attachment.flags and "truncated" in message.flags
    assert 100 <= attachment.size < 256
    assert attachment.sha256 == hashlib.sha256(bytes(range(256))[: attachment.size]).hexdigest()
    assert ("Sent from a list" in message.text) == bool(after)


@pytest.mark.parametrize(
    "words",
    [
        "begin 644 the work\nDO THIS FIRST\n\nand then stop",
        "begin 644 steps\nend",
        "begin 644 a.txt",
        "we begin 644 a.txt\n#8V%T\n`\nend",
        "begin 1 a.txt\n#8V%T\n`\nend",
    ],
)
def test_words_that_look_like_the_beginning_of_a_file_stay_words(words: str) -> None:
    message = read(mail(words))
    assert (message.text.strip().replace("\r", ""), message.attachments) == (words, ())


def test_thousands_of_beginnings_take_no_time() -> None:
    message = read(mail(b"begin 644 a\r\n" * 100_000 + b"begin 644 b\r\n#8V%T\r\n`\r\nend\r\n" * 300))
    assert len(message.attachments) == 200


def test_an_attachment_over_the_limit_is_recorded_and_not_read() -> None:
    data = multipart(
        part("x"), part("long text " * 50, "text/plain", "Content-Disposition: attachment; filename=a.txt")
    )
    message = read_mail(data, path="m", index=0, reading=Reading(ocr=False, max_bytes=100))
    (attachment,) = message.attachments
    assert attachment.flags == ("too_large",)
    assert "too_large" in message.flags
    assert (attachment.text, attachment.size, len(attachment.sha256)) == ("", 500, 64)

"""Only the sensor looks whether new mail is urgent, and it reads no attachment for that."""

import pytest

from llm_assets.domain.mail.document import Message
from llm_assets.intake import item
from llm_assets.intake.files import pdf
from llm_assets.intake.reading import Extract, Reading
from llm_assets.usecases.mail.receive import receive, urgent_days
from tests.support.houses.small_desk import DAY, NOON, URGENT, SmallDesk

WITH_FILE = (
    b"From: Boris <boris@posteo.example>\r\nTo: support@altyn.example\r\nSubject: Card\r\nMIME-Version: 1.0\r\n"
    b"Message-ID: <b-1@posteo.example>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    + URGENT.partition(b"Message-ID: <boris-1@posteo.example>\r\n")[2]
    + b"\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"JVBERi0xLjQK\r\n--b--\r\n"
)


def test_an_urgent_mail_is_known_without_its_attachments(
    parking_desk: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []

    def read_pdf(data: bytes, _: Reading) -> Extract:
        read.append(data)
        return Extract()

    monkeypatch.setattr(pdf, "read_pdf", read_pdf)
    parking_desk.clock.now = NOON
    parking_desk.drop("boris.eml", WITH_FILE)
    with parking_desk.desk.open() as opened:
        assert receive(opened).messages == 1
        assert urgent_days(opened, 0, 10) == {DAY}
    assert read == []


def test_nobody_looks_at_mail_when_no_run_could_be_sooner_for_it(
    parking_desk: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_item(*_: object) -> Message:
        raise AssertionError("read where nobody asked")

    monkeypatch.setattr(item, "read_item", read_item)
    parking_desk.drop("boris.eml", URGENT)
    with parking_desk.desk.open() as opened:
        assert receive(opened).messages == 1
    assert parking_desk.materialize(["documents"]).success

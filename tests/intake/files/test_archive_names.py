"""Files inside archives keep the names that people gave them, whatever code page the archive was written in."""

import io
import struct
import tarfile
import unicodedata
import zipfile
import zlib

import pytest

from llm_assets.intake.files import archive
from llm_assets.intake.read import read_bytes


def named(raw: bytes, content: bytes = b"Act 71", *, extra: bytes = b"") -> bytes:
    """A zip with one file whose name is these bytes, without a flag that says how they are meant."""
    return many([raw], content, extra=extra)


def many(raw_names: list[bytes], content: bytes = b"Act 71", *, extra: bytes = b"") -> bytes:
    out, directory = bytearray(), bytearray()
    for raw in raw_names:
        sizes = struct.pack("<III", zlib.crc32(content), len(content), len(content))
        head = struct.pack("<HHHHH", 20, 0, 0, 0, 0x5D74) + sizes + struct.pack("<HH", len(raw), len(extra))
        start = len(out)
        out += b"PK\x03\x04" + head + raw + extra + content
        directory += b"PK\x01\x02\x14\x00" + head + bytes(10) + struct.pack("<I", start) + raw + extra
    end = struct.pack("<HHHHIIH", 0, 0, len(raw_names), len(raw_names), len(directory), len(out), 0)
    return bytes(out + directory + b"PK\x05\x06" + end)


def text_of(data: bytes, path: str = "a.zip") -> str:
    (message,) = read_bytes(data, path=path, ocr=False)
    return message.attachments[0].text


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("Справка о доходах.txt", "cp866"),
        ("СПРАВКА О ДОХОДАХ.TXT", "cp866"),
        ("Akt и счёт №5.txt", "cp866"),
        ("Выписка за июль.txt", "cp1251"),
        ("Жеке куәлік көшірмесі.txt", "kz1048"),
        ("Доверенность.txt", "koi8-r"),
        ("Келісімшарт.txt", "utf-8"),
        ("Größenübersicht.txt", "cp850"),
        ("Liste d'élèves.txt", "cp850"),
        ("invoice (2).txt", "ascii"),
    ],
)
def test_a_name_in_any_code_page_is_read(name: str, page: str) -> None:
    assert text_of(many([name.encode(page)])) == f"[{name}]\nAct 71"


def test_one_name_says_how_the_others_are_meant() -> None:
    names = ["Заявка на карту.txt", "я.txt", "Том 2.txt"]
    assert [
        line for line in text_of(many([n.encode("cp866") for n in names])).split("\n") if line[:1] == "["
    ] == [f"[{name}]" for name in names]


def test_a_name_in_the_field_of_info_zip_is_believed_where_it_fits() -> None:
    raw = b"zayavka.txt"
    field = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + "Өтінім.txt".encode()
    assert text_of(named(raw, extra=struct.pack("<HH", 0x7075, len(field)) + field)).startswith(
        "[Өтінім.txt]"
    )
    other = b"\x01" + struct.pack("<I", 7) + "Өтінім.txt".encode()
    assert text_of(named(raw, extra=struct.pack("<HH", 0x7075, len(other)) + other)).startswith(
        "[zayavka.txt]"
    )


def test_a_name_that_macos_took_apart_is_put_together() -> None:
    apart = unicodedata.normalize("NFD", "Зайцев Йохан.txt")
    assert text_of(many([apart.encode()])).startswith("[Зайцев Йохан.txt]")


def test_a_name_with_the_flag_of_utf_8_stays() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as box:
        box.writestr("папка/Акт.txt", "Act 71")
    assert text_of(stream.getvalue()) == "[Акт.txt]\nAct 71"


def test_folders_are_left_out_however_they_are_written() -> None:
    assert text_of(named("Архив\\2026\\Акт сверки.txt".encode("cp866"))) == "[Акт сверки.txt]\nAct 71"


def test_a_tar_in_an_old_code_page_keeps_its_names() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT, encoding="cp1251") as box:
        member = tarfile.TarInfo("Счёт на оплату.txt")
        member.size = 6
        box.addfile(member, io.BytesIO(b"Act 71"))
    assert text_of(stream.getvalue(), "a.tar") == "[Счёт на оплату.txt]\nAct 71"


def test_a_damaged_member_costs_only_itself() -> None:
    data = bytearray(many([b"first.txt", b"second.txt"]))
    data[data.index(b"Act 71")] = ord("X")
    (message,) = read_bytes(bytes(data), path="a.zip", ocr=False)
    assert message.attachments[0].text == "[second.txt]\nAct 71"
    assert "unreadable" in message.attachments[0].flags


def test_many_members_are_bounded() -> None:
    data = many([f"{n}.txt".encode() for n in range(5_000)])
    assert text_of(data).count("[") == archive.MAX_MEMBERS

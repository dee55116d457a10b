"""Looking into a stored message in a process of its own, which no message may bring down with it."""

import io
import sys
from pathlib import Path

import pytest
from PIL import Image

from llm_assets.domain.digest import digest_bytes
from llm_assets.intake.originals import presenting
from llm_assets.intake.originals.presenting import Asked, UnshownError, look
from tests.support.mail.written_mail import mail, multipart, part, pdf


def asked(tmp_path: Path, raw: bytes, what: str, file: bytes = b"", number: int = 0) -> Asked:
    path = tmp_path / "raw.eml"
    path.write_bytes(raw)
    assert what in ("page", "file", "picture")
    return Asked(what, str(path), digest_bytes(raw), digest_bytes(file) if file else "", number)  # type: ignore[arg-type]


def fax(pages: int) -> bytes:
    out = io.BytesIO()
    sheets = [Image.new("1", (600, 800), n % 2) for n in range(pages)]
    sheets[0].save(out, "TIFF", save_all=True, append_images=sheets[1:])
    return out.getvalue()


def test_every_page_of_a_fax_is_drawn_and_none_beside(tmp_path: Path) -> None:
    scan = fax(2)
    raw = multipart(
        part("See the fax."), part(scan, "image/tiff", "Content-Disposition: attachment; filename=f.tif")
    )
    drawn = [look(asked(tmp_path, raw, "picture", scan, number)) for number in (0, 1, 2)]
    assert [d.found for d in drawn] == [True, True, False]
    for each in drawn[:2]:
        with Image.open(io.BytesIO(each.data)) as image:
            assert (image.format, image.size) == ("JPEG", (600, 800))
    assert look(asked(tmp_path, raw, "file", scan)).data == scan
    assert not look(asked(tmp_path, raw, "file", b"another")).found
    assert not look(asked(tmp_path, raw, "page")).found, "a mail in plain words has no page"


def test_what_breaks_takes_too_long_or_was_changed_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = mail("words")
    good = asked(tmp_path, raw, "page")
    (tmp_path / "raw.eml").write_bytes(raw + b" and more")
    with pytest.raises(UnshownError, match="cannot be shown"):
        look(good)
    (tmp_path / "raw.eml").unlink()
    with pytest.raises(UnshownError, match="raw file is gone"):
        look(good)
    monkeypatch.setattr(presenting, "SECONDS", 0.001)
    with pytest.raises(UnshownError, match="download the file"):
        look(asked(tmp_path, raw, "page"))


def test_the_process_that_looks_holds_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    seen = tmp_path / "environment"
    show = (
        f"import os,sys;open({str(seen)!r},'w').write(repr(dict(os.environ)));print('{{\"found\": false}}')"
    )
    monkeypatch.setattr(presenting, "_COMMAND", (sys.executable, "-c", show))
    assert not look(asked(tmp_path, pdf("words"), "page")).found
    assert "PATH" in seen.read_text() and "sk-secret" not in seen.read_text()

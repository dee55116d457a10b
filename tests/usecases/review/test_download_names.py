"""Names under which files of strangers are saved."""

import pytest

from llm_assets.usecases.review.originals import MAX_NAME, download_name
from llm_assets.web.review.originals import disposition

NAMES = {
    "счёт 12.pdf": "счёт 12.pdf",
    "../../etc/passwd": "passwd",
    "C:\\Windows\\run.bat": "run.bat",
    "gpj\u202eexe.scr": "gpjexe.scr",
    "a\r\nSet-Cookie: x=1.pdf": "aSet-Cookie_ x=1.pdf",
    'quote".pdf': "quote_.pdf",
    " .hidden. ": "hidden",
    "\u200b": "attachment",
    "": "attachment",
    "..": "attachment",
}


@pytest.mark.parametrize(("given", "saved"), NAMES.items(), ids=range(len(NAMES)))
def test_a_name_leads_nowhere_and_hides_nothing(given: str, saved: str) -> None:
    assert download_name(given) == saved


def test_a_long_name_keeps_its_ending_and_a_header_holds_it_in_ascii_and_in_full() -> None:
    long = download_name("я" * 500 + ".docx")
    assert len(long) == MAX_NAME and long.endswith("я.docx")
    header = disposition("счёт 1.pdf")
    assert header == "attachment; filename=\"____ 1.pdf\"; filename*=UTF-8''%D1%81%D1%87%D1%91%D1%82%201.pdf"
    assert disposition(long).isascii() and "\n" not in disposition(long)

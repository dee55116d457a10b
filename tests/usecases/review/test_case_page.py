"""The case page's pieces: passages of a text with the fields that quote them, and which files have pages to draw."""

import pytest

from llm_assets.domain.mail.document import Attachment, TextSource
from llm_assets.usecases.review.case_page import Passage, drawable_pages, marked


def test_a_text_is_told_in_runs_and_each_quote_is_labelled_where_it_ends() -> None:
    runs = list(marked("order 4471 by Friday", {"number": (6, 10), "topic": (0, 10), "deadline": (14, 20)}))
    assert runs == [
        Passage("order ", ["topic"], []),
        Passage("4471", ["number", "topic"], ["number", "topic"]),
        Passage(" by ", [], []),
        Passage("Friday", ["deadline"], ["deadline"]),
    ]
    assert "".join(run.text for run in marked("short", {"beyond": (2, 99)})) == "short"
    assert [run.ends for run in marked("short", {"beyond": (2, 99)})] == [[], ["beyond"]]


@pytest.mark.parametrize(
    ("kind", "source", "flags", "pages"),
    [
        ("application/pdf", "text-layer", (), 3),
        ("application/octet-stream", "ocr", (), 3),
        ("image/jpeg", "none", ("ocr_off",), 3),
        ("image/svg+xml", "plain", (), 0),
        ("image/png", "none", ("unsupported",), 0),
        ("application/pdf", "none", ("encrypted",), 0),
        ("application/vnd.ms-excel", "office", (), 0),
    ],
)
def test_only_files_with_pages_are_drawn(
    kind: str, source: TextSource, flags: tuple[str, ...], pages: int
) -> None:
    assert drawable_pages(Attachment("a", kind, 1, "0" * 64, "", source, 3, None, flags)) == pages

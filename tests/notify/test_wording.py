"""Notices are said in the language of the house, with the same facts."""

import pytest

from llm_assets.domain.notice import Notice, NoticeKind
from llm_assets.usecases.notify.wording import trial_words, words_of
from llm_assets.words.language import Language
from llm_assets.words.words import words_in

READY = Notice(
    NoticeKind.REPORT_READY,
    "2026-11-20",
    {
        "day": "2026-11-20",
        "revision": 1,
        "totals": {"received": 12, "documents": 2, "review": 1, "drafts_ready": 6},
    },
)
LATE = Notice(
    NoticeKind.NIGHT_LATE,
    "2026-11-20",
    {
        "day": "2026-11-20",
        "deadline": "2026-11-21T08:00:00+05:00",
        "written_at": None,
        "open_batches": 2,
    },
)


@pytest.mark.parametrize(
    ("language", "ready", "late"),
    [
        ("en", "Report of 2026-11-20: 2 cases, 1 for people", "2 batches are still at the provider."),
        ("ru", "Отчёт за 2026-11-20: 2 обращения, людям: 1", "2 пакета ещё у провайдера."),
        ("kk", "2026-11-20 есебі: 2 өтініш, адамдарға: 1", "2 топтама әлі провайдерде."),
    ],
)
def test_a_notice_is_said_in_the_language_of_the_house(language: Language, ready: str, late: str) -> None:
    words = words_in(language)
    assert words_of(READY, words).title == ready
    assert late in words_of(LATE, words).text and "llm-assets status" in words_of(LATE, words).text
    assert "llm-assets notify --test" in trial_words(words).text

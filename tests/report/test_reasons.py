"""Every reason for a doubt that our own code gives has a phrase on the page."""

import re

from llm_assets.report.reasons import WORDS
from llm_assets.steps.extracted_fields import doubts
from tests.support.repository import ROOT

NO_DOUBTS = {"not_sent", "waiting_for_provider", "waiting_for_retry"}
"""Said of open cases, which wait for the provider and not for a person."""


def test_each_reason_named_in_the_code_has_words() -> None:
    sources = [p.read_text("utf-8") for p in (ROOT / "llm_assets").rglob("*.py")]
    named = {reason for text in sources for reason in re.findall(r'Doubt\(\s*"([a-z_]+)"', text)}
    assert "low_confidence" in named
    assert {*named, *doubts._ORDER} - NO_DOUBTS - WORDS.keys() == set()

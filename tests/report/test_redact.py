"""Redaction removes the subjects and details of deleted cases from a written report and changes nothing else."""

from dataclasses import replace

import pytest

from llm_assets.report.numbers import ReportNumbers
from llm_assets.report.redact import DELETED, redacted_html, redacted_json, redacted_markdown
from tests.report.test_render import rendered
from tests.support.nights.invented_night import full_night

SECRET = "Passport | of *Anna* <b>Ivanova</b>"


@pytest.fixture(scope="module")
def numbers() -> ReportNumbers:
    """A night whose first doubt and first pressing case contain the words to be removed."""
    night = full_night()
    review = [replace(night.review[0], subject=SECRET, detail=SECRET), *night.review[1:]]
    pressing = [replace(night.pressing[0], subject=SECRET), *night.pressing[1:]]
    return replace(night, review=review, pressing=pressing)


def records(numbers: ReportNumbers) -> set[str]:
    return {numbers.review[0].record_id, numbers.pressing[0].record_id}


def of_all(numbers: ReportNumbers) -> set[str]:
    return {case.record_id for case in (*numbers.review, *numbers.pressing)}


def test_a_page_says_nothing_of_deleted_cases_and_all_of_the_others(numbers: ReportNumbers) -> None:
    before = rendered(numbers).html
    after = redacted_html(before, records(numbers))
    assert "Ivanova" in before
    assert "Ivanova" not in after
    assert after.count(DELETED) >= 2
    changed = [(b, a) for b, a in zip(before.splitlines(), after.splitlines(), strict=True) if b != a]
    assert all(any(record in b for record in records(numbers)) for b, _ in changed)
    assert all(record in after for record in of_all(numbers) if record in before)


def test_a_page_of_an_earlier_form_is_redacted_too() -> None:
    row = (
        '<tr><td class="subject"><bdi>Anna</bdi><span class="id">r1</span></td><td class="name">not in text in '
        'extracted fields<span class="muted">Ivanova: 12</span></td><td class="name">bank</td></tr>'
    )
    after = redacted_html(row, {"r1"})
    assert "Ivanova" not in after and "Anna" not in after and "not in text in extracted fields" in after
    assert redacted_html(row, {"r2"}) == row


def test_markdown_says_nothing_of_deleted_cases_and_all_of_the_others(numbers: ReportNumbers) -> None:
    before = rendered(numbers).markdown
    after = redacted_markdown(before, records(numbers))
    assert "Ivanova" in before
    assert "Ivanova" not in after
    changed = [(b, a) for b, a in zip(before.splitlines(), after.splitlines(), strict=True) if b != a]
    assert 2 <= len(changed) <= 4
    for old, new in changed:
        kept = [cell for cell in new.split("|") if DELETED not in cell]
        assert all(cell in old for cell in kept)


def test_json_loses_the_detail_of_a_doubt(numbers: ReportNumbers) -> None:
    before = rendered(numbers).json
    after = redacted_json(dict(before), records(numbers))
    assert "Ivanova" in str(before)
    assert "Ivanova" not in str(after)
    assert after["totals"] == before["totals"]
    assert len(after["review"]) == len(before["review"])


def test_a_report_of_other_cases_stays_as_it_is(numbers: ReportNumbers) -> None:
    written = rendered(numbers)
    assert redacted_html(written.html, {"another"}) == written.html
    assert redacted_markdown(written.markdown, {"another"}) == written.markdown
    assert redacted_json(dict(written.json), {"another"}) == written.json


def test_redacting_twice_changes_nothing_more(numbers: ReportNumbers) -> None:
    written = rendered(numbers)
    once = redacted_html(written.html, records(numbers))
    assert redacted_html(once, records(numbers)) == once
    text = redacted_markdown(written.markdown, records(numbers))
    assert redacted_markdown(text, records(numbers)) == text

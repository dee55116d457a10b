"""What is news at a place: the newest state wins, and reading old files again says nothing."""

from datetime import UTC, date, datetime, timedelta

from llm_assets.domain.mail.document import Received
from llm_assets.domain.sources.versions import Version, news, version_of

DAY = date(2026, 11, 20)
NINE = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
KEY = "inbox", "crm:7"


def row(said: str, hours: float, *, file: str | None = None, written: float | None = None) -> Received:
    at = NINE + timedelta(hours=hours)
    written_at = NINE + timedelta(hours=written) if written is not None else None
    return Received(*KEY, at.date(), said, "crm", at, file, written_at)


def said(items: list[Received], *before: Version) -> str:
    """What was received, in order."""
    return "".join(new.received.raw_sha256 for new in news(items, {KEY: before} if before else {}))


def known(*items: Received) -> tuple[Version, ...]:
    return tuple(map(version_of, items))


def test_content_that_returns_is_news_and_the_same_content_is_not() -> None:
    assert said([row("A", 0), row("A", 1), row("B", 2), row("A", 3), row("A", 3)]) == "ABA"
    assert [new.number for new in news([row("A", 3)], {KEY: known(row("A", 0), row("B", 1))})] == [3]


def test_older_exports_that_are_read_again_say_nothing() -> None:
    exports = [row("A", 0, file="1.csv"), row("B", 1, file="2.csv"), row("A", 2, file="3.csv")]
    assert said(exports) == "ABA"
    assert said(exports, *known(*exports)) == ""
    assert said(exports[:2], *known(*exports[:2])) == ""


def test_exports_copied_in_one_instant_count_by_their_names() -> None:
    exports = [row("A", 0, file="1.csv"), row("B", 0, file="2.csv")]
    assert said(exports, *known(*exports)) == ""
    assert said([*exports, row("A", 0, file="3.csv")], *known(*exports)) == "A"


def test_an_export_handed_in_again_for_another_day_is_as_old_as_its_file() -> None:
    exports = [row("A", 3, file="1.csv", written=0), row("B", 3, file="2.csv", written=1)]
    later = [row("A", 27, file="1.csv", written=0), row("B", 27, file="2.csv", written=1)]
    assert said(later, *known(*exports)) == ""


def test_a_file_put_back_with_its_old_time_comes_after_what_it_replaces() -> None:
    first, second = row("A", 0), row("B", 24)
    (back,) = news([first], {KEY: known(first, second)})
    assert back.received == row("A", 24, written=0)
    (handed_in,) = news([row("A", 3, written=0)], {KEY: known(first, second)})
    assert handed_in.received.day == DAY, "a day that a person names stands"


def test_a_new_state_of_an_older_file_belongs_to_the_day_it_was_written() -> None:
    (late,) = news([row("C", 0, file="1.csv")], {KEY: known(row("B", 24, file="2.csv"))})
    assert late.received.day == DAY


def test_what_was_deleted_at_a_place_never_comes_back_to_it() -> None:
    (deleted,) = known(row("A", 0))
    gone = Version(**{name: getattr(deleted, name) for name in Version.__slots__} | {"deleted": True})
    assert said([row("A", 1)], gone) == ""
    assert said([row("B", 1), row("A", 2)], gone) == "B"

"""How long batches last: the published curve, our own batches, and what the age of an open batch says."""

from itertools import pairwise

import pytest

from llm_assets.domain.traffic.survival import PUBLISHED, Curve, Lived, Size, curve_of, promised, size_of

MINUTE, HOUR = 60.0, 3600.0


def test_the_published_curve_has_the_published_figures_and_a_tail_in_which_age_counts() -> None:
    for hours, share in ((7 / 60, 0.5), (1, 0.9), (8, 0.99), (19, 0.996), (24.5, 0.998)):
        assert PUBLISHED.ends_within(0, hours * HOUR) == pytest.approx(share, abs=1e-3)
    within_an_hour = [PUBLISHED.ends_within(age * HOUR, HOUR) for age in (0, 1, 4, 8, 12, 18)]
    assert all(later < earlier for earlier, later in pairwise(within_an_hour)), within_an_hour
    assert 0.5 < within_an_hour[1] < 0.6
    assert PUBLISHED.ends_within(25 * HOUR, 10 * HOUR) == 0.0, "nothing is known to end later"
    assert PUBLISHED.quantile(0, 0.5) == pytest.approx(7 * MINUTE, rel=1e-3)
    assert PUBLISHED.quantile(0, 0.999) is None
    assert PUBLISHED.ends_within(-5, 0) == PUBLISHED.ends_within(MINUTE, -1) == 0.0


@pytest.mark.parametrize("age", [0, 10, 40, 7 * MINUTE, HOUR, 4 * HOUR])
@pytest.mark.parametrize("p", [0.05, 0.5, 0.9])
def test_a_quantile_is_the_time_within_which_so_many_end(age: float, p: float) -> None:
    for curve in (
        PUBLISHED,
        curve_of([Lived(90, ended=True)] * 30),
        curve_of([Lived(3 * HOUR, ended=False)] * 5),
    ):
        more = curve.quantile(age, p)
        assert more is not None
        assert curve.ends_within(age, more) == pytest.approx(p, abs=1e-6)


def test_without_batches_of_our_own_the_published_curve_stays() -> None:
    curve = curve_of([])
    for hours in (0.05, 0.2, 1, 3, 10, 23):
        assert curve.open_at(hours * HOUR) == pytest.approx(PUBLISHED.open_at(hours * HOUR), abs=1e-9)


def test_our_own_batches_outweigh_the_published_figures_as_they_grow_in_number() -> None:
    slow = [curve_of([Lived(3 * HOUR, ended=True)] * many).ends_within(0, HOUR) for many in (0, 5, 50, 500)]
    assert slow == pytest.approx([0.9, 0.6, 0.15, 0.0176], abs=0.01)
    quick = curve_of([Lived(3.0, ended=True)] * 200)
    assert quick.ends_within(0, 5) > 0.94
    assert quick.ends_within(HOUR, HOUR) == pytest.approx(PUBLISHED.ends_within(HOUR, HOUR), abs=1e-6)


def test_batches_that_did_not_end_are_neither_ends_nor_left_out() -> None:
    """Of ten, six ended after 5 minutes; four were cancelled after an hour, or are as old today."""
    ended = [Lived(5 * MINUTE, ended=True)] * 6
    with_open = curve_of([*ended, *[Lived(HOUR, ended=False)] * 4])
    only_ended = curve_of(ended)
    as_if_ended = curve_of([*ended, *[Lived(HOUR, ended=True)] * 4])
    age = 6 * MINUTE
    assert with_open.ends_within(age, HOUR) < only_ended.ends_within(age, HOUR)
    assert with_open.ends_within(age, HOUR) < as_if_ended.ends_within(age, HOUR)
    young = curve_of([*ended, *[Lived(1.0, ended=False)] * 40])
    assert young.ends_within(0, HOUR) == pytest.approx(only_ended.ends_within(0, HOUR), abs=0.01), (
        "cancelled at once: no news"
    )


def test_the_kaplan_meier_curve_without_a_prior_is_the_textbook_one() -> None:
    """Freireich's remission times of the 6-MP group, whose curve every textbook prints."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = curve_of(
        [*(Lived(t, ended=True) for t in ended), *(Lived(t, ended=False) for t in censored)], Curve((), ())
    )
    printed = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448, 40: 0.448}
    assert {t: round(curve.open_at(t), 3) for t in printed} == printed


def test_a_curve_falls_and_never_reaches_nothing() -> None:
    curve = curve_of([Lived(seconds, ended=seconds % 3 > 0) for seconds in range(0, 40_000, 97)])
    assert all(later <= earlier for earlier, later in pairwise(curve.still_open))
    assert curve.still_open[-1] > 0
    assert curve.seconds == tuple(sorted(curve.seconds))


def test_sizes() -> None:
    assert [size_of(n) for n in (1, 100, 101, 5_000, 5_001)] == [
        Size.SMALL, Size.SMALL, Size.MEDIUM, Size.MEDIUM, Size.LARGE,
    ]  # fmt: skip


def test_a_window_keeps_its_promise_until_our_own_requests_say_otherwise() -> None:
    window = promised(8 * HOUR)
    assert window.ends_within(0, 8 * HOUR) == pytest.approx(0.99)
    assert window.ends_within(0, HOUR) < 0.15 and PUBLISHED.ends_within(0, HOUR) > 0.85
    assert window.ends_within(7 * HOUR, HOUR) > 0.9, "on its way, however long it has been open"
    assert window.ends_within(8 * HOUR, HOUR) < 0.15, "late"
    quick = curve_of([Lived(HOUR / 2, ended=True)] * 40, window)
    assert quick.ends_within(0, HOUR) > 0.75

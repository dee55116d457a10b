"""The benchmark itself: its scenarios' names, and that a small one works through and says what it promises."""

import json
import subprocess
import sys

import pytest

from tests.support.repository import ROOT

FIGURES = ("wall_s", "cpu_s", "peak_rss_mb", "baseline_rss_mb", "floor_s", "ratio_to_floor")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def listed(*arguments: str) -> list[str]:
    return bench("--list", *arguments).stdout.split()


def test_every_size_provider_and_database_is_measured() -> None:
    names = listed()
    assert len(set(names)) == len(names)
    for requests in (2_000, 20_000, 100_000):
        for size in ("short", "mail"):
            for run in ("first", "unchanged", "changed-1pct"):
                for protocol in ("openai", "anthropic"):
                    assert f"{run}-{size}-{requests}-{protocol}-sqlite" in names
    assert len([n for n in names if n.endswith("-postgres")]) == 12
    assert all("-20000-" in n for n in names if n.endswith("-postgres"))
    assert "unchanged-night-40000-openai-sqlite" in names


def test_quick_is_the_smallest_size_alone() -> None:
    assert len(listed("--quick")) == 12
    assert all("-2000-" in name for name in listed("--quick"))


def test_a_pattern_or_the_beginning_of_a_name_chooses() -> None:
    assert listed("--only", "first-mail-20000-o") == [
        "first-mail-20000-openai-sqlite",
        "first-mail-20000-openai-postgres",
    ]
    assert len(listed("--only", "*-night-*")) == 1


def test_a_name_that_fits_nothing_is_an_error_that_says_how_to_find_one() -> None:
    done = bench("--only", "first-huge")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--list" in done.stderr


@pytest.mark.sampled(every=2)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenario", "requests"),
    [
        pytest.param("unchanged-short-200-anthropic-sqlite", 0, marks=pytest.mark.soak),
        ("changed-1pct-night-100-openai-sqlite", 1),
    ],
)
def test_a_scenario_of_any_size_works_through_and_prints_its_figures(scenario: str, requests: int) -> None:
    done = bench("--only", scenario)
    assert done.returncode == 0, done.stderr
    [line] = done.stdout.splitlines()
    found = json.loads(line)
    assert (found.pop("scenario"), found.pop("requests")) == (scenario, requests)
    assert tuple(found) == FIGURES
    assert all(isinstance(value, float) and value > 0 for value in found.values())
    assert found["peak_rss_mb"] >= found["baseline_rss_mb"]
    assert found["ratio_to_floor"] == pytest.approx(found["cpu_s"] / found["floor_s"], rel=0.1)

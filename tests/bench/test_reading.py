"""The reading benchmark prints what it promises, over mails that are read as what they are."""

import json
import subprocess
import sys
from collections import Counter

from llm_assets.intake.item import read_item
from llm_assets.intake.reading import Reading
from tests.bench.invented_mails import mails

FIGURES = {
    "scenario", "mails", "mb", "cores", "wall_s", "cpu_s", "readers_cpu_s", "peak_rss_mb", "baseline_rss_mb",
    "reader_peak_rss_mb",
}  # fmt: skip


def test_a_small_day_is_read_and_measured() -> None:
    command = [sys.executable, "-m", "tests.bench.reading", "--mails", "40", "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["scenario"], line["mails"]) for line in lines] == [("read-40", 40), ("read-20", 20)]
    assert all(set(line) == FIGURES for line in lines)
    assert all(line["readers_cpu_s"] > 0 and line["reader_peak_rss_mb"] > 0 for line in lines)


def test_the_invented_mails_are_of_every_kind_and_each_is_another_one() -> None:
    found = [read_item(data, "mail", "", Reading(ocr=False)) for data in mails(200)]
    assert {m.ok for m in found} == {True} and len({m.record_id for m in found}) == 200
    assert {m.language for m in found} >= {"en", "ru", "kk"}
    sources = Counter(a.text_source for m in found for a in m.attachments)
    assert set(sources) == {"text-layer", "office", "plain", "message"}
    assert {"html_only", "kept_in_doubt"} == {flag for m in found for flag in m.flags}

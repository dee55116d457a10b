"""The whole desk as a person runs it: `make dev`, mail in the inbox, Materialize in the browser, parked runs that hold
nothing, a backfill, a killed worker, and Ctrl-C."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.houses.dev_desk import ROOT, DevDesk, Run, mail

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.timeout(480),
]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run", "--disable-quic"),
]
SAMPLES = ROOT / "data" / "samples" / "inbox"
IMAGES = ROOT / "docs" / "images"
FOR_DOCS = os.environ.get("LLM_ASSETS_DOCS_IMAGES") == "1"
"""Then the night is that of the samples, and its pictures become those of the documentation."""
NIGHTLY = ["documents", "extracted_fields", "categories", "drafts", "review_queue", "morning_report"]
TODAY = {
    "ada": "Hello, when will my new card arrive? I ordered it two weeks ago.",
    "boris": "Здравствуйте! Дважды списали оплату за одну покупку, верните деньги.",
    "aigul": "Сәлеметсіз бе! Құпиясөзді ұмыттым, қосымшаға кіре алмаймын.",
}
EARLIER = {
    1: {"cleo": "Why was a monthly fee taken from my card?"},
    2: {"dmitry": "Перевод не дошёл до получателя, прошло три дня.", "enid": "How do I repay my loan early?"},
    3: {"fatima": "Маған елшілік үшін шот бойынша анықтама керек."},
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevDesk]:
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    started = DevDesk(tmp_path_factory.mktemp("dev"))
    try:
        started.until("user interface", started.is_ready)
        yield started
    finally:
        left = started.stop()
    assert left == {}, "Ctrl-C ends everything that was started"


@pytest.fixture(scope="module")
def page(desk: DevDesk) -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        view = chromium.new_page(viewport={"width": 1600, "height": 900})
        view.set_default_timeout(60_000)
        yield view
        chromium.close()


def test_a_night_parks_without_a_process_and_is_continued_to_the_report(desk: DevDesk, page: Any) -> None:
    _drop_todays_mail(desk)
    today = desk.today.isoformat()
    assert desk.until("documents read by the sensor", lambda: desk.materialized("documents")) == [today]

    _materialize_latest(page, desk)
    desk.until("run worker", desk.run_workers)
    [parked] = desk.until("parked run", desk.parked)
    assert (parked.day, parked.tags["llm/parked"]) == (today, parked.run_id)
    desk.until("end of the run's process", lambda: not desk.run_workers(), 30)
    assert desk.parked() == [parked], "the continuation still waits, and nothing runs"
    assert desk.open_at_provider() == 2, "fields and categories"

    runs = _finish(desk, today)
    assert {run.status for run in runs} == {"SUCCESS"}
    report = desk.report(desk.today)
    assert report is not None
    assert report["totals"]["received"] >= len(TODAY)
    assert (report["totals"]["open"], report["missing"]) == (0, [])
    _look_at_the_graph(page, desk)
    _look_at_the_report(page, desk)


@pytest.mark.soak
def test_a_backfill_of_three_nights_waits_for_their_batches_and_completes(desk: DevDesk) -> None:
    before = desk.executed()
    for days_ago, mails in EARLIER.items():
        for name, text in mails.items():
            desk.drop(f"{name}.eml", mail(name, text), days_ago)
    nights = [desk.day(days_ago) for days_ago in EARLIER]
    backfill = desk.backfill(["documents", "extracted_fields", "categories"], nights)

    def nights_parked() -> list[Run]:
        return [run for run in desk.parked() if run.tags.get("dagster/backfill") == backfill]

    desk.until("parked night of the backfill", nights_parked)
    assert desk.backfill_status(backfill) == "REQUESTED"

    def ended() -> str | None:
        if nights_parked():
            desk.provider_finishes()
        status = desk.backfill_status(backfill)
        return status if status not in ("REQUESTED", "COMPLETING") else None

    assert desk.until("end of the backfill", ended, 240) == "COMPLETED_SUCCESS"
    for step in ("extracted_fields", "categories"):
        filled = [day for day in desk.materialized(step) if day != desk.today.isoformat()]
        assert sorted(filled) == sorted(day.isoformat() for day in nights), "each night once"
    assert desk.executed() - before == 2 * sum(len(mails) for mails in EARLIER.values())


@pytest.mark.soak
def test_a_worker_killed_with_its_batch_at_the_provider_is_run_again_and_sends_nothing_twice(
    desk: DevDesk,
) -> None:
    day = desk.day(4)
    desk.drop("gleb.eml", mail("gleb", "Мне нужна выписка по счёту для визы."), 4)
    before = desk.executed()
    run_id = desk.launch(["documents", "categories"], day)
    desk.until("batch at the provider", lambda: desk.open_at_provider() == 1)
    worker = desk.worker_of(run_id)
    assert worker in desk.run_workers()
    os.kill(worker, signal.SIGKILL)
    desk.until("end of the killed run", lambda: any(r == (run_id, "FAILURE") for r in _endings(desk)))
    desk.until("its successor at the gate", lambda: day.isoformat() in {run.day for run in desk.waiting()})
    assert desk.open_at_provider() == 1, "the batch of the killed run is not sent again"
    desk.provider_finishes()
    desk.until("its result", lambda: day.isoformat() in desk.materialized("categories"))
    assert desk.executed() - before == 1


def _endings(desk: DevDesk) -> list[tuple[str, str]]:
    return [(run.run_id, run.status) for run in desk.runs()]


def _drop_todays_mail(desk: DevDesk) -> None:
    if FOR_DOCS:
        for path in sorted(p for p in SAMPLES.rglob("*") if p.is_file()):
            desk.drop(path.relative_to(SAMPLES).as_posix(), path.read_bytes())
        return
    for name, text in TODAY.items():
        desk.drop(f"{name}.eml", mail(name, text))


def _materialize_latest(page: Any, desk: DevDesk) -> None:
    """What a person clicks: Materialize all, the latest partition, Launch."""
    page.goto(f"{desk.url}/locations/llm_assets/asset-groups/desk/lineage")
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_role("button", name="Latest", exact=True).click()
    page.get_by_role("button", name="Launch 1 run").click()
    page.get_by_text("Launched run").first.wait_for()
    page.goto("about:blank")  # an open graph asks the server for news all the time


def _finish(desk: DevDesk, day: str) -> list[Run]:
    """Lets the provider finish whenever the night has parked, until its report is there. Returns the night's runs."""

    def reported() -> list[Run] | None:
        if any(run.day == day for run in desk.parked()):
            desk.provider_finishes()
        runs = [run for run in desk.runs() if run.day == day]
        over = all(run.status in ("SUCCESS", "FAILURE", "CANCELED") for run in runs)
        return runs if over and day in desk.materialized("morning_report") else None

    return desk.until(f"report of {day}", reported, 180)


def _look_at_the_graph(page: Any, desk: DevDesk) -> None:
    page.goto(f"{desk.url}/locations/llm_assets/asset-groups/desk/lineage")
    page.get_by_role("button", name="Hide navigation").click()
    page.get_by_text("3 / 3 Passed").first.wait_for()
    for name in NIGHTLY:
        assert page.get_by_text(name, exact=True).first.is_visible(), name
    page.get_by_text("Materializing").first.wait_for(state="detached")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=_picture("asset-graph.png", desk))


def _look_at_the_report(page: Any, desk: DevDesk) -> None:
    newest = sorted((desk.home / "reports" / desk.today.isoformat()).glob("rev-*/report.html"))[-1]
    page.goto(newest.as_uri())
    assert page.locator("#figures li").first.is_visible()
    page.screenshot(path=_picture("report.png", desk))


def _picture(name: str, desk: DevDesk) -> Path:
    if not FOR_DOCS:
        return desk.home.parent / name
    IMAGES.mkdir(parents=True, exist_ok=True)
    return IMAGES / name

"""Parts of a night: each queue, branch and product with its own numbers and a first text from them; and what changed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from llm_assets.domain.desk.queue import Category, FormerNamesOf, Queue
from llm_assets.report.attention import PastNight
from llm_assets.report.changes import changes, under_names_of_today
from llm_assets.report.numbers import NightCases, ReportNumbers, numbers_of, read_cases, sums_hold
from llm_assets.report.parts import Part, PartKind, part_numbers, parts_of, text_of
from llm_assets.report.pressing import waiting
from llm_assets.report.render import Page, content
from llm_assets.report.summary.check import refusal
from llm_assets.words.words import words_in
from tests.support.nights.invented_night import DAY, case_rows, document, doubt, merged

QUEUES = [
    Queue(
        name="north",
        branch="Almaty",
        categories=(Category(name="loan", product="credit"), Category(name="card")),
    ),
    Queue(name="south", branch="Almaty", categories=(Category(name="loan"), Category(name="refund"))),
    Queue(name="shop", categories=(Category(name="instalments", product="credit"), Category(name="return"))),
]
CASES = {
    "north": {"loan": 6, "card": 2},
    "south": {"loan": 3, "refund": 1},
    "shop": {"instalments": 4, "return": 1},
}
DOUBTS = [doubt("north-loan-0", "two_fit", queue="north"), doubt("shop-return-0", "poor_scan", queue="shop")]


def night() -> tuple[NightCases, ReportNumbers]:
    documents, parts = [], []
    for queue, categories in CASES.items():
        for category, count in categories.items():
            for n in range(count):
                case = f"{queue}-{category}-{n}"
                state = "review" if any(d["case_id"] == case for d in DOUBTS) else "ok"
                documents.append(document(case, queue=queue, priority="urgent" if n == 0 else "normal"))
                parts.append(case_rows(case, fields="ok", category=state, draft=state))
                parts[-1]["categories"][0]["category"] = category
    documents.append(document("shop-instalments-0", "update", queue="shop"))
    documents.append(document("north-card-0", "duplicate", queue="north"))
    past = {queue: dict.fromkeys(categories, 1) for queue, categories in CASES.items()}
    history = [PastNight(DAY - timedelta(days=back), past) for back in range(1, 20)]
    cases = read_cases(documents, merged(parts))
    return cases, numbers_of(DAY, cases, review=DOUBTS, history=history)


def found(kind: PartKind, name: str) -> ReportNumbers:
    cases, whole = night()
    [part] = [p for p in parts_of(QUEUES) if (p.kind, p.name) == (kind, name)]
    return part_numbers(DAY, cases, whole, part, DOUBTS)


def test_queues_branches_and_products_are_the_parts() -> None:
    assert [p.key for p in parts_of(QUEUES)] == [
        "queue:north", "queue:south", "queue:shop", "branch:Almaty", "product:credit",
    ]  # fmt: skip
    credit = parts_of(QUEUES)[-1]
    assert credit.queues == ("north", "shop") and credit.has("shop", "instalments")
    assert not credit.has("south", "loan"), "its category of that name is of no product"


def test_a_part_counts_its_own_cases_and_nothing_else() -> None:
    north = found(PartKind.QUEUE, "north")
    assert (north.totals.received, north.totals.duplicates, north.totals.documents) == (9, 1, 8)
    assert north.review_reasons == {"two_fit": 1} and len(north.pressing) == 2
    branch = found(PartKind.BRANCH, "Almaty")
    assert (branch.totals.received, branch.totals.documents, set(branch.queues)) == (
        13,
        12,
        {"north", "south"},
    )
    credit = found(PartKind.PRODUCT, "credit")
    assert (credit.totals.received, credit.totals.updates, credit.totals.documents) == (11, 1, 10)
    assert {q: dict(n.by_category) for q, n in credit.queues.items()} == {
        "north": {"loan": 6}, "shop": {"instalments": 4},
    }  # fmt: skip
    for numbers in (north, branch, credit):
        assert sums_hold(numbers) == []


def test_the_first_text_says_the_part_s_own_numbers_and_passes_the_check_of_summaries() -> None:
    north = found(PartKind.QUEUE, "north")
    assert text_of(north, words_in("en")) == (
        "9 messages came in and made 8 cases. 7 drafts are ready. In north, loan grew to 6 cases (usually 1). "
        "1 case waits for a person; the most frequent reason is: two categories fit equally well (1 case). "
        "2 cases are urgent. Nothing is open or missing. Most frequent: loan (6) and card (2)."
    )
    for kind, name in ((PartKind.QUEUE, "north"), (PartKind.BRANCH, "Almaty"), (PartKind.PRODUCT, "credit")):
        numbers = found(kind, name)
        assert refusal(text_of(numbers, words_in("en")).partition(" Most frequent")[0], numbers) is None


def test_what_grew_in_a_part_is_what_the_report_says_grew_there() -> None:
    _, whole = night()
    parts = [found(PartKind.QUEUE, name) for name in CASES]
    assert sorted(g.category for p in parts for g in p.grew) == sorted(g.category for g in whole.grew)


def test_a_part_without_mail_has_no_cases() -> None:
    cases, whole = night()
    quiet = part_numbers(DAY, cases, whole, Part(PartKind.QUEUE, "press", ("press",)), DOUBTS)
    assert (quiet.totals.received, quiet.totals.documents) == (0, 0)


def test_what_waits_is_counted_by_queue_and_reason_with_what_presses() -> None:
    _, whole = night()
    told = waiting(whole)
    assert [(r["queue"], r["reason"], r["cases"], r["pressing"]) for r in told["review"]] == [
        ("north", "two_fit", 1, 1), ("shop", "poor_scan", 1, 1),
    ]  # fmt: skip
    assert told["totals"] == {"review": 2, "open": 0, "dead": 0, "pressing": 2}


# What changed


def said(numbers: ReportNumbers, **figures: Any) -> dict[str, Any]:
    return content(Page(numbers, "A calm night.", "", "Asia/Almaty", False, figures=figures))


def test_what_changed_is_named_in_pairs_and_what_did_not_is_left_out() -> None:
    _, whole = night()
    before = said(whole)
    assert changes(before, said(whole)) == {}
    totals = replace(whole.totals, review=1, drafts_ready=whole.totals.drafts_ready + 1)
    told = changes(before, said(replace(whole, totals=totals, decided=1)))
    assert told == {"totals": {"review": [2, 1], "drafts_ready": [15, 16]}, "decided": [0, 1]}


def test_changes_name_categories_missing_things_and_texts_of_people() -> None:
    _, whole = night()
    text = {"part": "queue:north", "state": "draft", "text": "x", "by": None}
    before = said(whole, texts=[text]) | {"missing": [{"what": "mailbox a", "why": "down", "step": ""}]}
    now = said(whole, texts=[text | {"state": "approved", "by": "lena"}]) | {"missing": []}
    now["queues"] = {**now["queues"], "north": now["queues"]["north"] | {"by_category": {"card": 8}}}
    told = changes(before, now)
    assert told["categories"] == [
        {"queue": "north", "category": "card", "cases": [2, 8]},
        {"queue": "north", "category": "loan", "cases": [6, 0]},
    ]
    assert told["no_longer_missing"] == ["mailbox a"]
    assert told["texts"] == [{"part": "queue:north", "state": "approved"}]


def test_a_revision_of_an_older_version_lacks_keys_and_is_compared_all_the_same() -> None:
    _, whole = night()
    now = said(whole, texts=[], drafts={"ready": 3, "released": 1})
    assert changes({"totals": {}, "missing": []}, now)["drafts"] == {"ready": [0, 3], "released": [0, 1]}


def test_a_renamed_queue_or_category_is_no_change_of_its_numbers() -> None:
    def said(queue: str, category: str) -> dict[str, Any]:
        figures = {"received": 20, "by_category": {category: 18, "thanks": 2}}
        return {"totals": {}, "spend": {}, "queues": {queue: figures}, "review_decided": 0, "summary": ""}

    names = FormerNamesOf({"bank-support": "bank"}, {"bank-support": {"cards": "card"}})
    before, now = said("bank-support", "cards"), said("bank", "card")
    assert changes(before, now) != {}
    assert changes(under_names_of_today(before, names), now) == {}
    assert under_names_of_today(now, names) == now

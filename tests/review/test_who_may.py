"""Who may see and change what over HTTP, asked without a browser."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import duckdb

from llm_assets.domain.people import PersonRole
from tests.support.houses.house import TODAY, House
from tests.support.houses.review_app import PASSWORD, ReviewApp, add_user, review_app

REVIEWER = PersonRole.REVIEWER


def one_doubt(house: House, queue: str = "office") -> tuple[str, str]:
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        row = lake.execute(
            "select case_id, step from review_queue where queue = ? and step = 'categories' order by case_id",
            [queue],
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def decision(case_id: str, step: str, **changes: Any) -> dict[str, Any]:
    members = [{"case_id": case_id, "seen": 0}]
    at = datetime.now(UTC).isoformat()
    given = {
        "kind": "approve",
        "values": {},
        "day": TODAY.isoformat(),
        "step": step,
        "at": at,
        "members": members,
    }
    return given | changes


def test_nothing_is_shown_without_signing_in(house: House) -> None:
    case_id, step = one_doubt(house)
    add_user(house, "amina", REVIEWER)
    with review_app(house) as app:
        for path in ("/", f"/case/{TODAY}/{case_id}/{step}", f"/done?day={TODAY}"):
            answer = app.ask("GET", path)
            assert (answer.status, answer.headers["location"]) == (303, "/signin")
            assert case_id not in answer.text
        assert app.post("", decision(case_id, step)).status == 401
        for token in ("", "%C3%A9"):
            assert app.ask("GET", f"/enter?token={token}").headers["location"] == "/signin"
        assert app.sign_in("amina", "wrong " + PASSWORD).status == 401
        assert app.sign_in("nobody").status == 401
        signed = app.sign_in("amina")
        assert signed.status == 303
        set_cookie = signed.headers["set-cookie"].lower()
        assert "httponly" in set_cookie and "samesite=strict" in set_cookie
        assert app.ask("GET", "/", cookie=signed.cookie).status == 200
        out = app.ask("POST", "/signout", "", cookie=signed.cookie, Origin=app.base)
        assert out.status == 303
        assert app.ask("GET", "/", cookie=signed.cookie).status == 303, (
            "the session is over on the server too"
        )


def test_passwords_cannot_be_tried_without_end(house: House) -> None:
    add_user(house, "amina", REVIEWER)
    with review_app(house) as app, ThreadPoolExecutor(20) as pool:
        assert [app.ask("POST", "/signin", form, Origin=app.base).status for form in NO_FORMS] == [422] * 2
        assert [app.sign_in("amina").status for _ in range(12)] == [303] * 12, "who is right may do it often"
        tried = list(pool.map(lambda n: app.sign_in("amina", f"guess number {n}").status, range(20)))
        assert sorted(tried) == [401] * 10 + [429] * 10, "all at once is no way around it"
        assert app.sign_in("amina").status == 429


def test_the_link_of_a_desk_without_accounts_opens_once(house: House) -> None:
    with review_app(house) as app:
        path = app.url.removeprefix(app.base)
        assert app.ask("GET", "/enter?token=%C3%A9").headers["location"] == "/signin"
        first = app.ask("GET", path)
        assert first.status == 303 and first.cookie
        assert app.ask("GET", "/", cookie=first.cookie).status == 200
        assert app.ask("GET", path).headers.get("location") == "/signin"


NO_FORMS = ("&".join(f"a{n}=1" for n in range(50)), "name=%00&password=x")
FOREIGN = (
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
)


def test_a_change_from_a_foreign_page_is_refused(house: House) -> None:
    case_id, step = one_doubt(house)
    add_user(house, "amina", REVIEWER)
    with review_app(house) as app:
        cookie = app.sign_in("amina").cookie
        for headers in FOREIGN:
            assert app.post(cookie, decision(case_id, step), **headers).status == 403, headers
            assert app.look(cookie, case_id, step, **headers).status == 403, headers
        assert app.post(cookie, decision(case_id, step)).status == 200, "and from our own it is taken"


def test_roles_and_queues_limit_what_is_seen_and_decided(house: House) -> None:
    case_id, step = one_doubt(house, "office")
    add_user(house, "vera", PersonRole.VIEWER)
    add_user(house, "saule", REVIEWER, "shop-orders")
    with review_app(house) as app:
        viewer, other = app.sign_in("vera").cookie, app.sign_in("saule").cookie
        start = app.ask("GET", "/", cookie=viewer)
        assert start.status == 200 and "post.example" not in start.text and case_id not in start.text
        assert "/done" not in start.text, "no way to a page that refuses a viewer"
        path = f"/case/{TODAY}/{case_id}/{step}"
        assert app.ask("GET", path, cookie=viewer).status == 403
        looks = [app.look(cookie, case_id, step).status for cookie in (viewer, other, "")]
        assert looks == [403, 404, 401]
        assert app.post(viewer, decision(case_id, step)).status == 403
        assert app.ask("GET", path, cookie=other).status == 404
        assert app.post(other, decision(case_id, step)).status == 404
        assert "office" not in app.ask("GET", "/", cookie=other).text
        named = {"day": TODAY.isoformat(), "case_id": case_id}
        for act in ("/draft-now", "/label"):
            assert app.post("", named, act).status == 401
            assert app.post(viewer, named, act).status == 403
            assert app.post(other, named, act).status == 404
            assert app.post(other, named, act, Sec_Fetch_Site="cross-site").status == 403
            assert app.post(other, {"day": TODAY.isoformat()}, act).status == 422


def test_the_report_is_for_those_who_see_the_cases_of_all_queues(house: House) -> None:
    add_user(house, "vera", PersonRole.VIEWER)
    add_user(house, "saule", REVIEWER, "shop-orders")
    add_user(house, "lena", PersonRole.LEAD)
    with review_app(house) as app:
        path = f"/report/{TODAY}"
        assert app.ask("GET", path).headers["location"] == "/signin"
        assert [app.ask("GET", path, cookie=app.sign_in(n).cookie).status for n in ("vera", "saule")] == [
            403
        ] * 2
        cookie = app.sign_in("lena").cookie
        report = app.ask("GET", path, cookie=cookie)
        written = sorted((house.home / "reports" / TODAY.isoformat()).glob("rev-*"))[-1] / "report.html"
        assert report.status == 200 and report.text == written.read_text(encoding="utf-8")
        policy = report.headers["content-security-policy"]
        assert (
            policy.startswith("default-src 'none'; style-src 'unsafe-inline'") and "script-src" not in policy
        )
        assert path in app.ask("GET", f"/?day={TODAY}", cookie=cookie).text
        assert app.ask("GET", "/report/2020-01-01", cookie=cookie).status == 404


DAYS_WITHOUT_NEIGHBOURS = ("0001-01-01", "9999-12-31")
ELSEWHERE = (
    *(
        f"/{page}?day={day}"
        for page in ("", "precision", "drafts", "texts", "begin")
        for day in DAYS_WITHOUT_NEIGHBOURS
    ),
    "/static/../app.py",
    "/static/%2e%2e/app.py",
    "/static/..%2f..%2fforms%2fapp.py",
    "/case/../../etc/passwd",
    "/case/2026-13-40/x/categories",
    "/report/2026-13-40",
    "/report/../../etc/passwd",
    "/report/..%2f..%2fraw",
    "/case/2026-11-20/..%2f..%2fx/categories",
)


def test_paths_lead_nowhere_else(house: House) -> None:
    add_user(house, "lena", PersonRole.LEAD)
    with review_app(house) as app:
        cookie = app.sign_in("lena").cookie
        for path in ELSEWHERE:
            answer = app.ask("GET", path, cookie=cookie)
            assert answer.status == 404 and "def " not in answer.text, path


def test_what_is_not_a_decision_changes_nothing(house: House) -> None:
    case_id, step = one_doubt(house)
    add_user(house, "amina", REVIEWER)
    with review_app(house) as app:
        cookie = app.sign_in("amina").cookie
        odd = [
            decision(case_id, step, kind="destroy"),
            decision(case_id, step, at="yesterday"),
            decision(case_id, step, at="2020-01-01T00:00:00+00:00"),
            decision(case_id, step, members="all"),
            decision(case_id, "no_step"),
            decision(case_id, step, kind="correct", values={"status": "ok"}),
            decision(case_id, step, kind="correct", values={"category": "no_such"}),
            decision(case_id, step, kind="undo"),
        ]
        odd += [decision(case_id, step, at=f"{at}T23:59:59-23:59") for at in ("9999-12-31", "0001-01-01")]
        odd += [decision(case_id, step, kind="send_back", values={"remark": "\ud800"})]
        for given in odd:
            assert app.post(cookie, given).status == 422, given
        for body in ("[" * 100_000, '{"members": 1e999}', '"text"', "9" * 5000):
            for path in ("/decide", "/draft-now", "/label", "/looking"):
                answer = app.ask(
                    "POST", path, body, cookie=cookie, Origin=app.base, Content_Type="application/json"
                )
                assert answer.status == 422 and answer.json["said"].count(".") == 1, (path, body[:20])
        foreign = [{"case_id": case_id, "seen": 0}, {"case_id": "f" * 24, "seen": 0}]
        assert app.post(cookie, decision(case_id, step, members=foreign)).status == 404, (
            "none of them, or all"
        )
        assert app.post(cookie, decision("f" * 24, step)).status == 404
        assert app.look(cookie, "f" * 24, step).status == 404
        with closing(sqlite3.connect(house.home / "ledger.db")) as ledger:
            assert ledger.execute("select count(*) from decisions").fetchone() == (0,)
            ledger.execute("alter table decisions rename to away")
        kept = app.post(cookie, decision(case_id, step))
        assert kept.status == 503 and "ledger" in kept.json["said"], "a browser keeps it and sends it again"


def test_of_two_who_decide_the_second_learns_what_the_first_decided(house: House) -> None:
    case_id, step = one_doubt(house)
    add_user(house, "amina", REVIEWER)
    add_user(house, "boris", REVIEWER)
    with review_app(house) as app:
        amina, boris = app.sign_in("amina").cookie, app.sign_in("boris").cookie
        path = f"/case/{TODAY}/{case_id}/{step}"
        assert app.ask("GET", f"{path}?part=1", cookie=amina).status == 200
        assert "looks at it" not in app.ask("GET", "/", cookie=boris).text, "fetched ahead is not looked at"
        assert app.look(amina, case_id, step).json["holder"] is None
        assert "amina looks at it" in app.ask("GET", "/", cookie=boris).text
        begins = {
            who: app.ask("GET", f"/begin?day={TODAY}", cookie=who).headers["location"]
            for who in (amina, boris)
        }
        assert begins[boris] != path and begins[boris].startswith(f"/case/{TODAY}/")
        assert "amina looks at this case too" in app.ask("GET", path, cookie=boris).text
        assert app.look(boris, case_id, step).json["holder"] == "amina"
        first = decision(case_id, step, kind="correct", values={"category": "spam"})
        assert app.post(amina, first).status == 200
        assert app.post(amina, first).status == 200, "the same again, as after a lost answer"
        late = app.post(boris, decision(case_id, step))
        assert late.status == 409
        [conflict] = late.json["conflicts"]
        told = app.look(boris, case_id, step).json
        assert told["seen"] == conflict["seen"], "so that the page is fetched anew"
        assert f"{TODAY}/{case_id}/{step}" not in told["next"]
        assert (conflict["by"], conflict["values"]) == ("amina", {"category": "spam"})
        again = decision(case_id, step, members=[{"case_id": case_id, "seen": conflict["seen"]}])
        assert app.post(boris, again).status == 200, "having seen it"
        undo = decision(case_id, step, kind="undo", members=[{"case_id": case_id, "seen": 2}])
        assert [app.post(boris, undo).status for _ in range(2)] == [200, 200], "an undo may be sent twice too"


def no_start(house: House, *words: str) -> str:
    ran = house.run("review", *words)
    assert ran.code == 2 and ran.said_one_sentence(), ran.err
    return ran.err


def test_no_start_where_others_reach_it_without_accounts_and_tls(house: House) -> None:
    assert "--behind-proxy" in no_start(house, "--host", "0.0.0.0", "--port", "0")
    assert "users add" in no_start(house, "--behind-proxy", "--port", "0")


def _headers(app: ReviewApp) -> dict[str, str]:
    return app.ask("GET", "/signin").headers


def test_every_page_says_what_may_run_on_it(house: House) -> None:
    with review_app(house) as app:
        found = _headers(app)
        assert "default-src 'none'" in found["content-security-policy"]
        assert "unsafe" not in found["content-security-policy"]
        assert (found["x-content-type-options"], found["cache-control"]) == ("nosniff", "no-store")


def test_accounts_are_managed_from_the_command_line(house: House) -> None:
    process = house.start("users", "add", "amina", "--role", "reviewer", "--queue", "office")
    assert "fewer than 12 characters" in process.communicate()[1], "the password is read from stdin"
    assert house.run("users", "list").out.startswith("nobody")
    add_user(house, "amina", REVIEWER, "office")
    assert house.run("users", "list").out == "amina  reviewer  office\n"
    assert house.run("users", "remove", "amina").code == 0
    assert house.run("users", "remove", "amina").said_one_sentence("nobody's name")
    for odd in (("--role", "king"), ("--role", "lead", "--queue", "no-such")):
        assert house.run("users", "add", "boris", *odd).said_one_sentence("is not known")


def test_a_script_decides_by_the_same_rules(house: House) -> None:
    case_id, step = one_doubt(house)
    given = ("decide", "--day", TODAY.isoformat(), "--record", case_id, "--step", step)
    made = house.run(*given, "--set", "category=spam", "--by", "amina")
    assert (made.code, made.out) == (0, f"correct of categories, decision 1 about case {case_id}, by amina\n")
    assert house.run(*given, "--set", "category=no_such").said_one_sentence("category is none of")
    assert house.run(*given, "--set", "status=ok").said_one_sentence("has no column status")
    assert house.run(*given, "--approve", "--undo").said_one_sentence("exactly one of")
    assert house.run(*given, "--undo").out.startswith("undo of categories, decision 2")
    assert house.run(*given, "--undo").said_one_sentence("nothing can be undone")


def test_a_script_sends_back_has_a_draft_written_and_labels_a_record(house: House) -> None:
    case_id, step = one_doubt(house)
    named = ("--day", TODAY.isoformat(), "--record", case_id)
    given = ("decide", *named, "--step", step)
    sent = house.run(*given, "--send-back", "--remark", "which parcel")
    assert sent.out.startswith("send_back of categories, decision 1")
    assert house.run(*given, "--approve", "--remark", "fine").said_one_sentence("goes with --send-back")
    assert house.run(*given, "--draft-now").said_one_sentence("of the step drafts")
    house.run(*given, "--set", "category=official_request")
    ran = house.run("decide", *named, "--step", "drafts", "--draft-now")
    assert (ran.code, ran.out) == (0, f"draft of case {case_id}: ok\n"), ran.err
    own = {"LLM_ASSETS_CONTROL_SET": str(house.home / "labelled")}
    assert house.run("control-set", "add", *named).said_one_sentence("LLM_ASSETS_CONTROL_SET")
    assert house.run("control-set", "add", *named, **own).out.endswith(": official_request, 0 fields\n")

"""Forms posted over HTTP to a real process become records once, whatever happens in between."""

import base64
import http.client
import json
import signal
import socket
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.houses.endpoint import COMMAND, TOKEN, Endpoint, Place, Said

FORM = {"name": "Ким Анна", "email": "Anna@Post.example", "subject": "Карта", "message": "Где моя карта?"}
DYING = (sys.executable, "-m", "tests.support.killed.dying_endpoint")


def test_a_posted_form_is_a_record_of_today_in_its_forms_queue(shared: Endpoint) -> None:
    said = shared.post(FORM | {"city": "Алматы"}, key="a-0")
    assert said.status == 201
    row = shared.row(said)
    assert said.json == {"record_id": row["record_id"], "day": str(row["day"])}
    assert (row["queue"], row["subject"], row["new_text"]) == (
        "shop-orders",
        "Карта",
        "Где моя карта?\n\ncity: Алматы",
    )
    message = row["message"]
    assert message["kind"] == "form" and message["sender"]["address"] == "anna@post.example"
    assert message["text"] == row["new_text"] and message["ok"]


def test_the_same_key_with_the_same_form_is_the_same_record(shared: Endpoint) -> None:
    first = shared.post(FORM, key="a-1")
    again = shared.post(dict(reversed(FORM.items())), key="a-1")
    quoted = shared.post(FORM, key='"a-1"')
    assert [first.status, again.status, quoted.status] == [201, 200, 200]
    assert first.json == again.json == quoted.json
    assert shared.post(FORM | {"message": "Жду."}, key="a-1").is_problem(409)
    assert shared.row(first)["new_text"] == "Где моя карта?"


def test_the_order_of_its_fields_makes_no_other_form(shared: Endpoint) -> None:
    form = FORM | {"street": "Абая", "floor": "7"}
    said = [shared.post(f, key="a-2") for f in (form, dict(reversed(form.items())), form | {"floor": "8"})]
    assert [s.status for s in said[:2]] == [201, 200] and said[2].is_problem(409)
    assert shared.row(said[0])["new_text"] == "Где моя карта?\n\nstreet: Абая\nfloor: 7"


def test_another_key_or_another_form_is_another_record(shared: Endpoint) -> None:
    said = [
        shared.post({"message": "hello", "story": "x"}, key="b-1"),
        shared.post({"message": "hello", "story": "x"}, key="b-2"),
        shared.post({"message": "hello", "story": "x"}, key="b-1", form="claims"),
    ]
    assert [s.status for s in said] == [201, 201, 201]
    assert len({s.json["record_id"] for s in said}) == 3


def test_without_a_key_the_same_form_is_one_record_a_day(shared: Endpoint) -> None:
    said = [shared.post({"message": text}) for text in ("no key", "no key", "no key, again")]
    assert [s.status for s in said] == [201, 200, 201]


def test_a_declared_id_is_the_key_where_none_is_sent(shared: Endpoint) -> None:
    first, again, other = (
        shared.post({"claim": number, "story": story}, form="claims")
        for number, story in ((7, "rain"), (7, "rain"), (7, "snow"))
    )
    assert (first.status, again.status) == (201, 200) and other.is_problem(409)
    assert shared.post({"claim": 8, "story": "rain"}, form="claims").status == 201


def test_a_form_is_read_as_a_browser_sends_it(shared: Endpoint) -> None:
    pairs = [("message", "Где? Тут & там"), ("topping", "a"), ("topping", "b")]
    said = shared.post(
        urlencode(pairs).encode(), content_type="application/x-www-form-urlencoded; charset=utf-8"
    )
    assert said.status == 201
    row = shared.row(said)
    assert row["new_text"] == "Где? Тут & там\n\ntopping: a, b"


def test_files_of_a_multipart_form_are_its_attachments(shared: Endpoint) -> None:
    data = b"Act 7\r\n--not the boundary\r\n\x00\xff"
    parts = (
        b'--x1\r\nContent-Disposition: form-data; name="message"\r\n\r\n\xd0\x94\xd0\xb0\r\n'
        b'--x1\r\nContent-Disposition: form-data; name="file"; filename="C:\\\\dir\\\\\xd0\xb0.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n" + data + b"\r\n"
        b'--x1\r\nContent-Disposition: form-data; name="empty"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n--x1--\r\n"
    )
    said = shared.post(parts, content_type='multipart/form-data; boundary="x1"', key="m")
    assert said.status == 201, said.body
    row = shared.row(said)
    (attachment,) = row["message"]["attachments"]
    assert (attachment["filename"], attachment["size"]) == ("а.txt", len(data))
    assert row["new_text"] == "Да"


def test_files_of_a_json_form_are_its_attachments_and_may_be_all_of_it(shared: Endpoint) -> None:
    content = base64.b64encode("Акт сверки".encode()).decode()
    said = shared.post({"files": [{"filename": "act.txt", "content": content}]})
    assert said.status == 201
    (attachment,) = shared.row(said)["message"]["attachments"]
    assert (attachment["filename"], attachment["text"]) == ("act.txt", "Акт сверки")


SECRET = "Wobbegong"
JSON, MULTIPART = "application/json", "multipart/form-data; boundary=x"
CLOSED = f'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\n{SECRET}\r\n'.encode()


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (415, SECRET.encode(), "text/plain"),
        (415, SECRET.encode(), ""),
        (422, f'{{"message": "{SECRET}"'.encode(), JSON),
        (422, f'["{SECRET}"]'.encode(), JSON),
        (422, b"[" * 100_000, JSON),
        (422, f'{{"message": "{SECRET}", "files": ["x"]}}'.encode(), JSON),
        (422, f'{{"message": "x", "files": [{{"content": "{SECRET}!"}}]}}'.encode(), JSON),
        (422, f'{{"phone": "{SECRET}"}}'.encode(), JSON),
        (422, b'{"message": "  "}', JSON),
        (422, b"", JSON),
        (422, json.dumps({f"f{n}": SECRET for n in range(201)}).encode(), JSON),
        (422, f"message={SECRET}%ff".encode(), "application/x-www-form-urlencoded"),
        (422, f"message={SECRET}é".encode(), "application/x-www-form-urlencoded"),
        (422, CLOSED, MULTIPART),
        (422, CLOSED + b"--x--", "multipart/form-data"),
        (422, f"--x\r\n\r\n{SECRET}\r\n--x--".encode(), MULTIPART),
        (422, CLOSED.replace(SECRET.encode(), b"\xff\xfe") + b"--x--", MULTIPART),
    ],
)
def test_a_form_that_cannot_be_used_is_refused_in_one_sentence_that_quotes_nothing(
    shared: Endpoint, status: int, body: bytes, content_type: str
) -> None:
    said = shared.post(body, content_type=content_type)
    assert said.is_problem(status), said.body
    assert SECRET not in said.body.decode()


def test_who_may_not_post_is_told_so(shared: Endpoint) -> None:
    for token in ("", "wrong", TOKEN[:-1], TOKEN + "0", "é"):
        said = shared.post(FORM, token=token.encode().decode("latin-1"))
        assert said.is_problem(401) and said.headers["www-authenticate"] == "Bearer"
    basic = {"Authorization": f"Basic {TOKEN}", "Content-Type": "application/json"}
    assert shared.ask("POST", "/forms/contact", b"{}", basic).is_problem(401)
    assert shared.post(FORM, form="claims", token=TOKEN).is_problem(401), "the token of another form"


def test_other_addresses_and_methods_are_refused(shared: Endpoint) -> None:
    assert shared.ask("POST", "/forms/unknown", b"{}").is_problem(401)
    assert shared.ask("GET", "/").is_problem(404)
    said = shared.ask("GET", "/forms/contact")
    assert said.is_problem(405) and said.headers["allow"] == "POST"


def test_no_page_of_another_origin_may_post(shared: Endpoint) -> None:
    asked = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    said = shared.ask("OPTIONS", "/forms/contact", headers=asked)
    assert said.is_problem(405)
    assert not [name for name in said.headers if name.startswith("access-control")]


def test_a_body_has_to_say_its_length_and_keep_to_the_limit(shared: Endpoint) -> None:
    headers = {"Authorization": f"Bearer {TOKEN[::-1]}", "Content-Type": "application/json"}
    chunked = shared.ask("POST", "/forms/claims", iter([b"{}"]), headers, encode_chunked=True)
    assert chunked.is_problem(411)
    assert shared.post({"story": "x" * 400}, form="claims").status == 201
    for size in (501, 300_000):
        assert shared.post({"story": "x" * size}, form="claims").is_problem(413)


def test_a_body_far_over_the_limit_is_refused_before_it_is_sent(shared: Endpoint) -> None:
    with shared.socket() as connection:
        connection.sendall(_head(10**9))
        assert connection.makefile("rb").readline() == b"HTTP/1.1 413 Request Entity Too Large\r\n"


def test_a_key_has_to_be_a_short_text(shared: Endpoint) -> None:
    for key in ("x" * 201, "a b", '""'):
        assert shared.post(FORM, key=key).is_problem(422)


def test_more_than_the_forms_rate_is_asked_to_wait(tmp_path: Path) -> None:
    place = Place(tmp_path, [{"name": "contact", "token_env": "CONTACT_TOKEN", "per_minute": 2}])
    try:
        endpoint = place.endpoint()
        said = [endpoint.post({"message": f"{n}"}) for n in range(3)]
        assert [s.status for s in said[:2]] == [201, 201] and said[2].is_problem(429)
        assert 1 <= int(said[2].headers["retry-after"]) <= 31
    finally:
        place.close()


def test_health_says_whether_forms_can_be_registered(shared: Endpoint) -> None:
    said = shared.ask("GET", "/health")
    assert (said.status, said.json) == (200, {"status": "ok"})


def _head(length: int, token: str = TOKEN) -> bytes:
    return (
        f"POST /forms/contact HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def _answer(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_client_that_does_not_go_on_is_given_up(place: Place) -> None:
    endpoint = place.endpoint("--client-seconds", "1")
    with endpoint.socket() as silent, endpoint.socket() as half_head, endpoint.socket() as half_body:
        half_head.sendall(_head(10)[:40])
        half_body.sendall(_head(20) + b'{"message":')
        assert _answer(half_body).startswith(b"HTTP/1.1 408 ")
        assert _answer(half_head) == _answer(silent) == b""
    assert endpoint.post(FORM).status == 201


def test_what_is_no_http_is_refused_and_the_next_one_served(shared: Endpoint) -> None:
    with shared.socket() as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert _answer(connection).startswith(b"HTTP/1.1 400 ")
    with shared.socket() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200_000)
        assert b"HTTP/1.1 200" not in _answer_or_reset(connection)
    assert shared.ask("GET", "/health").status == 200


def _answer_or_reset(connection: socket.socket) -> bytes:
    try:
        return _answer(connection)
    except ConnectionResetError:
        return b""


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize(("died", "then"), [("registered", 200), ("stored", 201)])
def test_a_form_whose_endpoint_was_killed_is_one_record_after_the_client_tries_again(
    place: Place, died: str, then: int
) -> None:
    dying = place.endpoint(*COMMAND[3:], command=(*DYING, died))
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        dying.post(FORM, key="once")
    assert dying.process.wait(timeout=30) == -signal.SIGKILL
    endpoint = place.endpoint()
    said = endpoint.post(FORM, key="once")
    assert said.status == then
    assert [row["record_id"] for row in place.documents()] == [said.json["record_id"]]


def test_the_same_key_at_once_at_two_processes_is_one_record(shared: Endpoint, second: Endpoint) -> None:
    endpoints = [shared, second]

    def post(number: int) -> Said:
        return endpoints[number % 2].post({"message": "one for all"}, key="same")

    with ThreadPoolExecutor(16) as pool:
        said = list(pool.map(post, range(32)))
    assert {s.status for s in said} <= {200, 201} and len({s.body for s in said}) == 1
    assert [row["new_text"] for row in shared.place.documents()].count("one for all") == 1


def test_of_several_forms_at_once_with_one_key_one_is_taken(shared: Endpoint, second: Endpoint) -> None:
    endpoints = [shared, second]

    def post(number: int) -> Said:
        return endpoints[number % 2].post({"message": f"number {number}"}, key="several")

    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(post, range(12)))
    assert Counter(s.status for s in said) == {201: 1, 409: 11}
    taken = [s.status for s in said].index(201)
    assert shared.row(said[taken])["new_text"] == f"number {taken}"


def test_a_form_under_way_is_taken_before_the_endpoint_ends(place: Place) -> None:
    endpoint = place.endpoint()
    body = b'{"message": "just in time"}'
    with endpoint.socket() as connection:
        connection.sendall(_head(len(body)) + body[:10])
        assert endpoint.post({"message": "another, so that the first has begun"}).status == 201
        endpoint.process.terminate()
        while _accepts(endpoint):
            pass
        connection.sendall(body[10:])
        assert _answer(connection).startswith(b"HTTP/1.1 201 ")
    assert endpoint.process.wait(timeout=30) == 0
    assert len(place.documents()) == 2


def _accepts(endpoint: Endpoint) -> bool:
    try:
        endpoint.socket().close()
    except OSError:
        return False
    return True


def test_a_form_that_cannot_be_stored_is_asked_for_again_and_neither_log_nor_answer_quotes_it(
    place: Place,
) -> None:
    endpoint = place.endpoint()
    assert endpoint.ask("GET", "/health").status == 200
    raw = place.settings.home / "raw"
    raw.write_text("no folder")
    said = endpoint.post({"message": SECRET}, key="later")
    assert said.is_problem(503) and "retry-after" in said.headers
    raw.unlink()
    assert endpoint.post({"message": SECRET}, key="later").status == 201
    log = endpoint.stop()
    assert "a form was not stored" in log and "form=contact" in log
    assert all(word not in log + said.body.decode() for word in (SECRET, TOKEN, "Traceback"))


@pytest.mark.sampled(every=2)
@pytest.mark.parametrize(
    ("forms", "tokens", "words"),
    [
        ([], {}, ("declares no form", "sources.yaml")),
        ([{"name": "a", "token_env": "A_TOKEN"}], {}, ("A_TOKEN", "form a", "is not set")),
        ([{"name": "a", "token_env": "A_TOKEN"}], {"A_TOKEN": "short"}, ("shorter than 16",)),
        (
            [{"name": "a", "token_env": "A_TOKEN", "mailbox": "nowhere"}],
            {"A_TOKEN": TOKEN},
            ("names nowhere",),
        ),
    ],
)
def test_an_endpoint_that_cannot_work_does_not_start(
    tmp_path: Path, forms: list[dict[str, str]], tokens: dict[str, str], words: tuple[str, ...]
) -> None:
    place = Place(tmp_path, forms)
    try:
        process = place.start(tokens=tokens)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, len(err.splitlines())) == (2, "", 1)
        assert all(word in err for word in words), err
    finally:
        place.close()


def test_a_taken_port_is_said(place: Place, shared: Endpoint) -> None:
    port = shared.url.rpartition(":")[2]
    process = place.start("--port", port)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2 and f"127.0.0.1:{port}" in err and "--port" in err

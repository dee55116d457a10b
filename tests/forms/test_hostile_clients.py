"""The endpoint under attack, over real sockets: others are served meanwhile, and nothing about the house is told."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from llm_assets.web.endpoint.connections import PATIENCE_SECONDS, WAITING, WAITING_OF_ADDRESS, surplus
from tests.support.houses.endpoint import TOKEN, Endpoint, Place

FORM = {"message": "Where is my card?"}
BIG = {"name": "contact", "token_env": "CONTACT_TOKEN", "per_minute": 10_000, "max_bytes": 60_000_000}


@pytest.fixture
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    place = Place(tmp_path_factory.mktemp("big"), [BIG])
    yield place.endpoint()
    place.close()


def head(path: str, *lines: str, method: str = "POST", length: int | None = None) -> bytes:
    body = [] if length is None else [f"Content-Length: {length}"]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *(lines or ("Host: x",)), *body, "", ""]).encode()


def answered(endpoint: Endpoint, data: bytes) -> bytes:
    with endpoint.socket() as connection:
        try:
            connection.sendall(data)
            return b"".join(iter(lambda: connection.recv(65_536), b""))
        except ConnectionError:
            return b""


def ended(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


def from_address(endpoint: Endpoint, address: str) -> socket.socket:
    port = int(endpoint.url.rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(address, 0))


def test_idle_connections_of_one_address_keep_nobody_out(place: Place) -> None:
    endpoint = place.endpoint("--client-seconds", "60")
    with ExitStack() as stack:
        idle = [stack.enter_context(endpoint.socket()) for _ in range(30)]
        time.sleep(PATIENCE_SECONDS + 0.1)
        for number in range(300):
            connection = stack.enter_context(endpoint.socket())
            if number % 2:
                connection.sendall(b"POST /forms/contact HTTP/1.1\r\nHost: x\r\nX-Half: ")
            idle.append(connection)
        time.sleep(PATIENCE_SECONDS + 0.1)
        said = [endpoint.post(FORM, key=f"{n}").status for n in range(5)]
        left = sum(not ended(connection) for connection in idle)
    assert said == [201] * 5
    assert left <= 200


def test_idle_connections_of_many_addresses_keep_nobody_out(place: Place) -> None:
    endpoint = place.endpoint("--client-seconds", "60")
    with ExitStack() as stack:
        for number in range(260):
            stack.enter_context(from_address(endpoint, f"127.0.0.{2 + number % 20}"))
            if number % 50 == 0:
                time.sleep(0.1)
        time.sleep(PATIENCE_SECONDS + 0.1)
        assert [endpoint.post(FORM, key=f"{n}").status for n in range(3)] == [201] * 3


class One:
    def __init__(self, address: str, since: float) -> None:
        self.address, self.since = address, since


def test_who_is_ended_is_the_oldest_of_the_greediest() -> None:
    burst = [One("proxy", 10.0) for _ in range(WAITING_OF_ADDRESS + 1)]
    assert surplus(burst, "proxy", 10.0, full=False) is None, "a burst of a proxy is no attack"
    assert surplus(burst, "proxy", 10.0, full=True) is burst[0]
    assert surplus(burst, "proxy", 11.0, full=False) is burst[0]
    assert surplus(burst, "another", 11.0, full=False) is None
    many = [One(f"{n % 60}", float(n)) for n in range(WAITING + 1)]
    ended_one = surplus(many, "new", 1000.0, full=False)
    assert ended_one is not None and ended_one.since == float(ended_one.address)
    assert surplus([], "new", 0.0, full=True) is None


def test_a_head_that_trickles_is_ended_in_time(place: Place) -> None:
    endpoint = place.endpoint("--client-seconds", "1")
    with endpoint.socket() as connection:
        started = time.monotonic()
        connection.sendall(b"POST /forms/contact HTTP/1.1\r\n")
        while not ended(connection):
            with suppress(ConnectionError):
                connection.sendall(b"X-A: b\r\n")
            time.sleep(0.1)
            assert time.monotonic() - started < 5


def test_a_body_that_trickles_is_ended_in_time(place: Place) -> None:
    endpoint = place.endpoint("--client-seconds", "1")
    lines = ("Host: x", f"Authorization: Bearer {TOKEN}", "Content-Type: application/json")
    with endpoint.socket() as connection:
        started = time.monotonic()
        connection.sendall(head("/forms/contact", *lines, length=2000))
        connection.settimeout(0.1)
        said = b""
        while not said:
            try:
                connection.sendall(b"{")
                said = connection.recv(100)
            except TimeoutError:
                assert time.monotonic() - started < 10
        assert said.startswith(b"HTTP/1.1 408 ")


def test_bodies_of_strangers_take_no_place_for_long(place: Place) -> None:
    endpoint = place.endpoint("--client-seconds", "30")
    with ExitStack() as stack:
        slow = [stack.enter_context(endpoint.socket()) for _ in range(90)]
        for connection in slow:
            connection.sendall(
                head("/forms/contact", "Host: x", "Authorization: Bearer wrong", length=1000) + b"x"
            )
        assert endpoint.post(FORM).status == 201
        started = time.monotonic()
        for connection in slow:
            connection.settimeout(20)
            assert connection.recv(12) == b"HTTP/1.1 401"
        assert time.monotonic() - started < 10, "whoever has no token is not waited for"


@contextmanager
def pulse(endpoint: Endpoint) -> Iterator[list[float]]:
    """How long /health took, again and again."""
    took: list[float] = []
    done = threading.Event()

    def beat() -> None:
        while not done.is_set():
            started = time.monotonic()
            assert endpoint.ask("GET", "/health").status == 200
            took.append(time.monotonic() - started)

    thread = threading.Thread(target=beat)
    thread.start()
    yield took
    done.set()
    thread.join()


PARTS = {
    "millions of parts": b"--x\r\n" * 5_000_000 + b"--x--\r\n",
    "a part with a head of its own size": b'--x\r\nContent-Disposition: form-data; name="a"' + b"; a=b" * 5_000_000 + b"\r\n\r\n1\r\n--x--\r\n",
    "a million lines of head": b"--x\r\n" + b"A: b\r\n" * 3_000_000 + b"\r\n1\r\n--x--\r\n",
    "a long name": b'--x\r\nContent-Disposition: form-data; name="' + b"a" * 5000 + b'"\r\n\r\n1\r\n--x--\r\n',
    "a field of megabytes": b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\n' + b"a" * 2_000_000 + b"\r\n--x--\r\n",
    "blanks before the head": b"--x" + b" " * 10_000_000 + b"\r\n\r\n1\r\n--x--\r\n",
    "300 files": b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n1\r\n' * 300 + b"--x--\r\n",
}  # fmt: skip


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize("case", PARTS)
def test_a_hostile_multipart_form_is_refused_and_stops_nobody(big: Endpoint, case: str) -> None:
    with pulse(big) as took:
        started = time.monotonic()
        said = big.post(PARTS[case], content_type="multipart/form-data; boundary=x", key=f"k{len(case)}")
        seconds = time.monotonic() - started
    assert said.is_problem(422), said.body
    assert seconds < 60 and max(took, default=0) < 5, (seconds, max(took, default=0))


def test_a_large_file_is_read_beside_the_loop(big: Endpoint) -> None:
    parts = (
        b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nhello\r\n'
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n' + b"\r\n--y" * 4_000_000 + b"\r\n--x--\r\n"
    )  # fmt: skip
    with pulse(big) as took:
        assert big.post(parts, content_type="multipart/form-data; boundary=x", key="large").status == 201
    assert max(took) < 5


NAMES = (
    "contact",
    "claims",
    "orders",
    "shop",
    "sources.yaml",
    "uvicorn",
    "starlette",
    "python",
    "Traceback",
    "llm",
)


@pytest.mark.parametrize(
    "data",
    [
        head("/forms/contact/", length=0),
        head("/forms/nobody/", length=0),
        head("/forms/contact/../claims", length=0),
        head("/forms/%2e%2e/health", length=0),
        head("//evil.example/forms", length=0),
        head("http://evil.example/nothing", length=0),
        head("/health/", method="GET"),
        head("/", method="GET"),
        head("/docs", method="GET"),
        head("/openapi.json", method="GET"),
        head("/metrics", method="GET"),
        head("/nothing?" + "a=b&" * 5_000, method="GET"),
        head("/forms/contact/", "Host: evil.example", "X-Forwarded-Host: evil.example", length=0),
    ],
)
def test_an_address_that_is_none_tells_nothing_and_leads_nowhere(shared: Endpoint, data: bytes) -> None:
    said = answered(shared, data)
    first, _, rest = said.partition(b"\r\n")
    assert first == b"HTTP/1.1 404 Not Found", said[:300]
    assert b"location:" not in rest.lower() and b"server:" not in rest.lower() and b"evil" not in rest
    assert not [name for name in NAMES if name.lower() in rest.decode().lower()], rest


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "HEAD"])
def test_a_method_that_is_not_taken_is_refused_the_same_for_every_name(shared: Endpoint, method: str) -> None:
    known = answered(shared, head("/forms/contact", method=method))
    unknown = answered(shared, head("/forms/nobody", method=method))
    assert known.startswith(b"HTTP/1.1 405 ") and b"allow: POST" in known
    assert _without_date(known) == _without_date(unknown)


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize(
    "lines",
    [
        ("Host: x",),
        ("Host: x", "Authorization: Bearer wrong"),
        ("Host: x", "Authorization: Bearer of a form that does not exist"),
        ("Host: x", f"Authorization: Basic {TOKEN}"),
        ("Host: x", "Content-Length: 20000000"),
        ("Host: x", "Transfer-Encoding: chunked"),
    ],
)
def test_names_of_forms_cannot_be_guessed_without_a_token(shared: Endpoint, lines: tuple[str, ...]) -> None:
    known = answered(shared, head("/forms/contact", *lines))
    assert known.startswith(b"HTTP/1.1 401 "), known[:200]
    for name in ("nobody", "con%00tact", "..", "CONTACT", "x" * 500):
        assert _without_date(answered(shared, head(f"/forms/{name}", *lines))) == _without_date(known), name


def test_the_token_of_one_form_says_nothing_of_the_name_of_another(shared: Endpoint) -> None:
    lines = ("Host: x", f"Authorization: Bearer {TOKEN}")
    said = [answered(shared, head(f"/forms/{name}", *lines, length=0)) for name in ("claims", "nobody")]
    assert _without_date(said[0]) == _without_date(said[1])
    assert said[0].startswith(b"HTTP/1.1 401 ")


def _without_date(said: bytes) -> list[bytes]:
    return [line for line in said.split(b"\r\n") if not line.lower().startswith(b"date:")]


@pytest.mark.parametrize(
    "lines",
    [
        ("Host: a", "Host: b"),
        ("Host: a", "Content-Length: 1", "Content-Length: 2"),
        ("Host: a", "Content-Length: -1"),
        ("Host: a", f"Content-Length: {'9' * 5000}"),
        ("Host: a", "Content-Length: 0x10"),
        ("X-Nothing: a",),
        ("Host: a", "Bad Header: x"),
        ("Host: a", "X: \x00"),
    ],
)
def test_a_head_that_is_none_is_refused_without_a_word_about_us(
    shared: Endpoint, lines: tuple[str, ...]
) -> None:
    said = answered(shared, head("/forms/contact", *lines))
    assert said.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 ", b"HTTP/1.1 401 ")), said[:200]
    assert b"server:" not in said.lower() and b"Traceback" not in said


def test_health_and_a_huge_query_tell_no_names(shared: Endpoint) -> None:
    said = shared.ask("GET", "/health")
    assert (said.status, said.json) == (200, {"status": "ok"})
    huge = answered(shared, head("/health?" + "x" * 2_000_000, method="GET"))
    assert not huge or huge.startswith(b"HTTP/1.1 4")
    assert shared.ask("GET", "/health").status == 200

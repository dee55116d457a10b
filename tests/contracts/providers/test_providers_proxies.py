"""Proxies, through the real SDKs against two loopback servers: one that answers as the provider, one that only proxies."""

from collections.abc import Callable, Iterator

import pytest

from llm_assets.domain.errors import BlockedError, ConfigurationError, UnreachableError
from llm_assets.engine.ports.provider import Provider
from resources.providers.proxies import is_loopback, proxy_for, shown
from tests.support.providers.provider_kit import EVERY, KEY, Wire, fresh_adapter
from tests.support.providers.provider_server import Canned, Reply, canned_server, closed_port

pytestmark = pytest.mark.usefixtures("key")

NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
ELSEWHERE = "http://llm.example.invalid"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def proxy() -> Iterator[Canned]:
    with canned_server() as server:
        yield server


def _looks_at(wire: Wire, address: str) -> Callable[[], object]:
    provider: Provider = fresh_adapter(wire.protocol, address)
    return lambda: provider.look(wire.batch_id).status


@EVERY
@pytest.mark.parametrize("name", [n for n in NAMES if n != "NO_PROXY"])
@pytest.mark.parametrize("dead", ["http://127.0.0.1:9", "socks5h://127.0.0.1:9"])
def test_an_address_on_this_machine_never_goes_through_a_proxy(
    wire: Wire, name: str, dead: str, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, dead)
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    assert _looks_at(wire, server.url)() == wire.running


@EVERY
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_another_address_goes_through_the_proxy(
    wire: Wire, name: str, proxy: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of plain HTTP is asked for the whole address."""
    monkeypatch.setenv(name, proxy.url)
    proxy.on(f"GET {ELSEWHERE}{wire.one}", Reply(200, wire.batch()))
    assert _looks_at(wire, ELSEWHERE)() == wire.running
    assert [asked.headers["host"] for asked in proxy.asked] == ["llm.example.invalid"]


@EVERY
def test_no_proxy_keeps_a_host_from_the_proxy(
    wire: Wire, proxy: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "example.invalid")
    with pytest.raises(
        UnreachableError, match=r"at llm\.example\.invalid: check the network and the base URL"
    ):
        _looks_at(wire, ELSEWHERE)()
    assert proxy.asked == []


@EVERY
def test_a_proxy_that_does_not_answer_is_named_without_its_password(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", closed_port().replace("://", "://desk:pass-word@"))
    with pytest.raises(UnreachableError, match=r"through the proxy http://127\.0\.0\.1:\d+") as caught:
        _looks_at(wire, ELSEWHERE)()
    assert "pass-word" not in str(caught.value)


@EVERY
def test_a_proxy_that_wants_a_password_blocks_and_says_where_it_belongs(
    wire: Wire, proxy: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    proxy.on(f"GET {ELSEWHERE}{wire.one}", Reply(407, b"<html>who are you?</html>"))
    with pytest.raises(BlockedError, match="asks who we are"):
        _looks_at(wire, ELSEWHERE)()


@EVERY
def test_a_proxy_that_refuses_a_secure_connection_is_named(
    wire: Wire, proxy: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secure connection is asked for with CONNECT, which this proxy does not know. The key never reaches it."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    with pytest.raises(UnreachableError, match=r"through the proxy .* refused the connection \(501\)"):
        _looks_at(wire, "https://llm.example.invalid")()
    assert all(KEY not in str(asked.headers) for asked in proxy.asked)


@EVERY
@pytest.mark.parametrize("proxy_address", ["gopher://old.example:70", "http://proxy.example:port"])
def test_a_proxy_that_cannot_be_used_is_a_configuration_error(
    wire: Wire, proxy_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy_address)
    with pytest.raises(ConfigurationError, match="NO_PROXY"):
        _looks_at(wire, ELSEWHERE)()


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("desk.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("127.0.0.1.example", False),
        ("", False),
    ],
)
def test_loopback_is_told_by_its_name_or_number(host: str, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.parametrize(
    ("address", "skipped", "found"),
    [
        ("https://a.example/v1", "", "http://p.example:3128"),
        ("https://a.example/v1", "a.example", None),
        ("https://a.example/v1", ".example", None),
        ("https://a.example/v1", "*", None),
        ("https://a.example:8443/v1", "a.example:8443", None),
        ("https://a.example/v1", "b.example", "http://p.example:3128"),
        ("http://a.example/v1", "", None),
    ],
)
def test_the_proxy_is_chosen_by_scheme_and_no_proxy(
    address: str, skipped: str, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "p.example:3128")
    monkeypatch.setenv("NO_PROXY", skipped)
    assert proxy_for(address) == found


@pytest.mark.parametrize(
    ("proxy", "told"),
    [
        ("http://desk:secret@p.example:3128", "http://p.example:3128"),
        ("https://p.example", "https://p.example"),
        ("http://p.example:port", "one whose address cannot be read"),
        (None, ""),
    ],
)
def test_a_proxy_is_shown_without_its_password(proxy: str | None, told: str) -> None:
    assert shown(proxy) == told

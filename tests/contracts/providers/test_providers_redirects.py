"""Redirects, through the real SDKs against two loopback servers: the key and the mail never reach another host."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.engine.ports.provider import Provider
from resources.providers.access import same_origin
from tests.support.providers.provider_kit import (
    EVERY,
    GEMINI,
    KEY,
    MAIL,
    OPENAI,
    Wire,
    adapter,
    fresh_adapter,
    request,
    spooled,
    under,
)
from tests.support.providers.provider_server import Canned, Reply, canned_server

pytestmark = pytest.mark.usefixtures("key")

Call = Callable[[Provider, Wire, Path], Any]


def _creates(provider: Provider, wire: Wire, folder: Path) -> Any:
    batch, spool, _ = spooled(provider, folder, [MAIL])
    return provider.create(batch, spool)


def _collects(provider: Provider, wire: Wire, folder: Path) -> Any:
    batch, _, _ = spooled(provider, folder, [MAIL])
    return list(provider.answers(under(batch, wire.batch_id), folder))


def _asks(provider: Provider, wire: Wire, folder: Path) -> Any:
    return provider.ask(provider.line(request(wire.protocol), "id-1"))


def _looks(provider: Provider, wire: Wire, folder: Path) -> Any:
    return provider.look(wire.batch_id)


CALLS: list[tuple[str, Call]] = [
    ("POST {create}", _creates),
    ("POST {online}", _asks),
    ("GET {one}", _looks),
    ("GET {results}", _collects),
]


def _route(route: str, wire: Wire) -> str:
    results = "/v1/files/file-out/content" if wire is OPENAI else f"{wire.one}/results"
    if wire is GEMINI:
        results = "/v1beta/files/out:download"
    return route.format(create=wire.create, online=wire.online, one=wire.one, results=results)


def _ended(wire: Wire, url: str) -> Reply:
    if wire is OPENAI:
        counts = {"total": 1, "completed": 1, "failed": 0}
        return Reply(
            200,
            wire.batch("completed", output_file_id="file-out", error_file_id=None, request_counts=counts),
        )
    if wire is GEMINI:
        return Reply(200, wire.batch(wire.ended, done=True, response={"responsesFile": "files/out"}))
    return Reply(200, wire.batch("ended", results_url=f"{url}{wire.one}/results"))


@EVERY
@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(("route", "call"), CALLS, ids=["create", "ask", "look", "results"])
def test_a_redirect_to_another_host_is_a_configuration_error_and_sends_nothing_there(
    wire: Wire, route: str, call: Call, status: int, server: Canned, tmp_path: Path
) -> None:
    with canned_server() as stranger:
        server.on(f"GET {wire.one}", _ended(wire, server.url))
        server.on(_route(route, wire), Reply(status, None, {"location": f"{stranger.url}/v1/taken"}))
        with pytest.raises(ConfigurationError, match="redirects us to another host") as caught:
            call(adapter(wire.protocol, server.url), wire, tmp_path)
        assert stranger.asked == []
    assert KEY not in str(caught.value)
    assert MAIL not in str(caught.value)


@EVERY
@pytest.mark.parametrize(
    "where", ["//{stranger}/v1/taken", "http://localhost:{port}/v1/taken", "https://{here}/v1"]
)
def test_no_spelling_of_another_origin_is_followed(
    wire: Wire, where: str, server: Canned, tmp_path: Path
) -> None:
    with canned_server() as stranger:
        here, away = server.url.removeprefix("http://"), stranger.url.removeprefix("http://")
        location = where.format(stranger=away, port=away.partition(":")[2], here=here)
        server.on(f"POST {wire.online}", Reply(307, None, {"location": location}))
        with pytest.raises(ConfigurationError, match="check the base URL"):
            _asks(adapter(wire.protocol, server.url), wire, tmp_path)
        assert stranger.asked == []


@EVERY
@pytest.mark.parametrize(
    "location",
    [
        "http:/v1/taken",
        "http:///v1/taken",
        "http:v1/taken",
        "http://[::1",
        "http://{here}1/v1",
        "file:///v1",
        "http://[x]/",
    ],
)
@pytest.mark.parametrize(("route", "call"), CALLS, ids=["create", "ask", "look", "results"])
def test_an_address_that_loses_the_port_or_is_none_is_not_followed(
    wire: Wire, route: str, call: Call, location: str, server: Canned, tmp_path: Path
) -> None:
    """Without a host the HTTP library keeps the host of the request and takes the scheme's own port."""
    here = server.url.removeprefix("http://")
    server.on(f"GET {wire.one}", _ended(wire, server.url))
    server.on(_route(route, wire), Reply(307, None, {"location": location.format(here=here)}))
    with pytest.raises(ConfigurationError, match="redirects us to another host, scheme or port"):
        call(adapter(wire.protocol, server.url), wire, tmp_path)


@EVERY
def test_a_second_redirect_is_watched_like_the_first(wire: Wire, server: Canned, tmp_path: Path) -> None:
    with canned_server() as stranger:
        server.on(f"POST {wire.online}", Reply(308, None, {"location": "/v2/here"}))
        server.on("POST /v2/here", Reply(308, None, {"location": f"{stranger.url}/v2/here"}))
        with pytest.raises(ConfigurationError, match="redirects us to another host"):
            _asks(adapter(wire.protocol, server.url), wire, tmp_path)
        assert stranger.asked == []


@EVERY
def test_a_redirect_within_the_host_is_followed(wire: Wire, server: Canned, tmp_path: Path) -> None:
    server.on(f"POST {wire.online}", Reply(308, None, {"location": "/v2/here"}))
    server.on("POST /v2/here", Reply(200, wire.online_answer('{"category": "card", "confidence": 1}')))
    answer = _asks(fresh_adapter(wire.protocol, server.url), wire, tmp_path)
    assert "card" in answer.text


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://api.example.com/v2", True),
        ("https://api.example.com:443/", True),
        ("http://api.example.com/v2", False),
        ("https://api.example.com:8443/", False),
        ("https://api.example.com.evil.example/", False),
        ("https://api.example.com@evil.example/", False),
        ("https://evil.example/api.example.com", False),
        ("https://[api.example.com/v1", False),
        ("https://api.example.com:no/v1", False),
        ("https:///v1", False),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, same: bool) -> None:
    assert same_origin(url, "https://api.example.com/v1") is same

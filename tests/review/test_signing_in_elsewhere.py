"""Signing in at an identity provider: it says who somebody is, and nothing that it did not sign for this sign-in counts."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.people import PersonRole
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.doctor import look_at_identity_provider
from llm_assets.usecases.review import people
from llm_assets.usecases.review.single_sign_on import public_address
from llm_assets.web.review.app import application
from resources.settings.environment import Settings
from tests.review.test_morning_in_a_browser import browser, page
from tests.support.houses.house import House
from tests.support.houses.review_app import PASSWORD, add_user, review_app
from tests.support.identity_provider import CLIENT, SECRET, Provider, a_key, identity_provider

__all__ = ["browser", "page"]
ADDRESS = "http://127.0.0.1:8100"
BACK = "/signin/back"
LENA = "lena@company.example"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with identity_provider() as started:
        yield started


@pytest.fixture
def desk(provider: Provider, tmp_path: Path) -> Iterator[Assembly]:
    named = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr(SECRET),
    }
    with closing(Assembly(Settings(home=tmp_path, provider="emulator", **named), STEPS)) as assembly:
        people.add(assembly, LENA, PersonRole.LEAD, ["office"], None)
        yield assembly


def opened(desk: Assembly) -> TestClient:
    app = application(desk, secure=False, entry=None, owner=None, address=ADDRESS)
    return TestClient(app, ADDRESS, follow_redirects=False)


def leave(client: TestClient, provider: Provider, **headers: str) -> str:
    """Goes to the provider; the way back that it sends the browser."""
    left = client.get("/signin/elsewhere?next=https://evil.example/", headers=headers)
    there = urlsplit(left.headers["location"])
    assert (left.status_code, f"{there.scheme}://{there.netloc}{there.path}") == (
        303,
        f"{provider.issuer}/authorize",
    )
    asked = dict(parse_qsl(there.query))
    assert asked["redirect_uri"] == f"{ADDRESS}{BACK}", "whatever host a request names"
    return provider.sent_back(asked).removeprefix(ADDRESS)


def test_the_provider_says_who_it_is_and_the_desk_what_they_may(desk: Assembly, provider: Provider) -> None:
    client = opened(desk)
    assert 'href="/signin/elsewhere"' in client.get("/signin").text
    back = client.get(leave(client, provider, Host="evil.example"))
    assert back.status_code == 200 and 'content="0; url=/"' in back.text
    session = next(c for c in back.headers.get_list("set-cookie") if c.startswith("desk_session="))
    assert "HttpOnly" in session and "samesite=strict" in session.lower()
    found = people.person_of(desk, client.cookies["desk_session"])
    assert found is not None
    assert (found.name, found.role, tuple(found.queues)) == (LENA, PersonRole.LEAD, ("office",))
    assert client.get("/").status_code == 200


def _other_key(provider: Provider, claims: dict[str, Any]) -> str:
    return provider.signed(claims, a_key(provider.key.kid, 1))


def _secret_as_key(provider: Provider, claims: dict[str, Any]) -> str:
    """The key that everybody may read, used as the secret of another signature."""
    head = _part(json.dumps({"alg": "HS256", "kid": provider.key.kid}).encode())
    signed = f"{head}.{_part(json.dumps(claims).encode())}"
    made = hmac.digest(provider.key.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{_part(made)}"


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(provider: Provider, claims: dict[str, Any]) -> str:
    whole = provider.signed(claims)
    return "eyJhbGciOiJub25lIn0." + whole.split(".")[1] + "."


def _altered(provider: Provider, claims: dict[str, Any]) -> str:
    other = provider.signed({**claims, "email": LENA})
    head, _, sign = provider.signed({**claims, "email": "amina@company.example"}).split(".")
    return ".".join((head, other.split(".")[1], sign))


SPOILED: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "another nonce": ("nonce", lambda c: c.update(nonce="x")),
    "no nonce": ("nonce", lambda c: c.pop("nonce")),
    "for another desk": ("aud", lambda c: c.update(aud="other")),
    "for two, by another": ("azp", lambda c: c.update(aud=[CLIENT, "other"], azp="other")),
    "of another issuer": ("iss", lambda c: c.update(iss="https://evil.example")),
    "expired": ("exp", lambda c: c.update(exp=c["iat"] - 3600)),
    "never expires": ("exp", lambda c: c.pop("exp")),
}
SIGNED = {"other key": _other_key, "secret": _secret_as_key, "none": _unsigned, "altered": _altered}


@pytest.mark.parametrize("how", [*SPOILED, *SIGNED])
def test_a_token_that_is_not_the_providers_own_for_this_sign_in_proves_nothing(
    desk: Assembly, provider: Provider, how: str
) -> None:
    what = "signature"
    if how in SPOILED:
        what, provider.spoil = SPOILED[how]
    else:
        provider.signs = SIGNED[how]
    client = opened(desk)
    back = client.get(leave(client, provider))
    assert (back.status_code, "desk_session" in client.cookies) == (403, False)
    assert f"proves nothing ({what})" in back.text and "<form" in back.text, "a password still does"


def test_a_way_back_is_good_once_in_the_browser_that_left(desk: Assembly, provider: Provider) -> None:
    client, other = opened(desk), opened(desk)
    way = leave(client, provider)
    assert other.get(way).status_code == 403, "in a browser that never left"
    leave(other, provider)
    assert other.get(way).status_code == 403, "a stranger's state"
    key = client.cookies["desk_way"]
    assert client.get(way).status_code == 200
    for cookie in ("", f"desk_way={key}"):
        again = opened(desk).get(way, headers={"Cookie": cookie})
        assert again.status_code == 403 and "begin again" in again.text
    stolen = leave(client, provider)
    code = dict(parse_qsl(urlsplit(stolen).query))["code"]
    mine = leave(other, provider)
    state = dict(parse_qsl(urlsplit(mine).query))["state"]
    injected = other.get(f"{BACK}?state={state}&code={code}")
    assert injected.status_code == 403 and "(code)" in injected.text, "another's code, without its verifier"


@pytest.mark.parametrize(
    ("person", "said"),
    [
        (
            {"email": "<b>boris</b>@company.example"},
            "&lt;b&gt;boris&lt;/b&gt;@company.example has no account",
        ),
        ({"email": LENA, "email_verified": False}, "has not verified"),
        ({"email": None}, "does not say your email"),
        ({"email": [LENA]}, "does not say your email"),
    ],
    ids=["unknown", "unverified", "nameless", "several"],
)
def test_who_has_no_account_is_refused_in_one_sentence(
    desk: Assembly, provider: Provider, person: dict[str, Any], said: str
) -> None:
    provider.person = person
    client = opened(desk)
    back = client.get(leave(client, provider))
    assert (back.status_code, "desk_session" in client.cookies) == (403, False)
    assert said in back.text


def test_what_the_provider_says_of_a_failure_is_not_repeated(desk: Assembly, provider: Provider) -> None:
    provider.refuses = True
    client = opened(desk)
    back = client.get(leave(client, provider))
    assert (back.status_code, "taken" in back.text) == (403, False)
    assert "did not sign you in" in back.text


def test_keys_that_the_provider_has_changed_are_looked_for(desk: Assembly, provider: Provider) -> None:
    client = opened(desk)
    assert client.get(leave(client, provider)).status_code == 200
    provider.key = a_key("second")
    assert client.get(leave(client, provider)).status_code == 200


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ({"issuer": "https://evil.example"}, "by another address"),
        ({"token_endpoint": "http://evil.example/token"}, "no token_endpoint that is https"),
    ],
)
def test_a_description_that_is_not_the_issuers_is_not_followed(
    desk: Assembly, provider: Provider, description: dict[str, Any], said: str
) -> None:
    provider.description = description
    refused = opened(desk).get("/signin/elsewhere")
    assert refused.status_code == 503 and said in refused.text
    [found] = look_at_identity_provider(desk)
    assert found.fails and said in found.says


def test_without_the_provider_passwords_still_do(desk: Assembly, provider: Provider) -> None:
    [found] = look_at_identity_provider(desk)
    assert found.sign == "ok  " and found.says.startswith(f"{provider.issuer} answers")
    people.add(desk, "boris", PersonRole.REVIEWER, [], PASSWORD)
    lost = desk.settings.model_copy(update={"oidc_issuer": "http://localhost:9/none"})
    with closing(Assembly(lost, STEPS)) as assembly:
        client = opened(assembly)
        silent = client.get("/signin/elsewhere")
        assert silent.status_code == 503 and "does not answer" in silent.text
        given = {"name": "boris", "password": PASSWORD}
        assert client.post("/signin", data=given, headers={"Origin": ADDRESS}).status_code == 303
        for password in ("", PASSWORD):
            nobody = client.post(
                "/signin", data={"name": LENA, "password": password}, headers={"Origin": ADDRESS}
            )
            assert nobody.status_code == 401, "who was added without a password has none"


def test_behind_a_proxy_the_way_back_is_named_by_the_settings(desk: Assembly) -> None:
    for url in (None, "http://review.example"):
        own = desk.settings.model_copy(update={"review_url": url})
        with (
            closing(Assembly(own, STEPS)) as assembly,
            pytest.raises(ConfigurationError, match="LLM_ASSETS_REVIEW_URL"),
        ):
            public_address(assembly)
    own = desk.settings.model_copy(update={"oidc_client_id": None})
    with (
        closing(Assembly(own, STEPS)) as assembly,
        pytest.raises(ConfigurationError, match="LLM_ASSETS_OIDC_CLIENT_ID"),
    ):
        application(assembly, secure=False, entry=None, owner=None, address=ADDRESS)


@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.browser
def test_in_a_browser_that_comes_from_elsewhere_the_session_holds(
    house: House, provider: Provider, page: Any
) -> None:
    """`localhost` is another site than 127.0.0.1: a strict cookie does not survive a redirect that begins there."""
    add_user(house, LENA, PersonRole.LEAD)
    named = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET}
    with review_app(house, **{f"LLM_ASSETS_OIDC_{name}": value for name, value in named.items()}) as app:
        page.goto(app.base)
        page.click("text=Sign in with the account of your company")
        page.click("text=Yes, it is me")
        page.wait_for_selector("#begin")
        assert page.url == f"{app.base}/" and LENA in page.inner_text("header")

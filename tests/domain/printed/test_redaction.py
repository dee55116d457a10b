"""No spelling of a secret gets through, and ordinary words do."""

import json
import time
from urllib.parse import quote, quote_plus

import pytest

from llm_assets.domain.redaction import redacted, secrets_of_url
from resources.settings.secrets import secrets

SECRET = 'p\u00e4ss/w+rd@1 %40:"x'


@pytest.mark.parametrize(
    "spelled", [SECRET, quote(SECRET, safe=""), quote_plus(SECRET), repr(SECRET), json.dumps(SECRET)]
)
def test_a_known_secret_is_hidden_however_it_is_spelled(spelled: str) -> None:
    shown = redacted(f"cannot log in with {spelled} today", [SECRET])
    assert "rd" not in shown and shown.startswith("cannot log in with ") and shown.endswith(" today")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pw@host/v1 is away", "https://user:***@host/v1 is away"),
        ("https://token@host", "https://***@host"),
        ("postgresql://u:p@ss/w@h/db", "postgresql://u:***@h/db"),
        ("see https://h/x?api_key=ab&day=1", "see https://h/x?api_key=***&day=1"),
        ("dsn 'password=ab host=h'", "dsn 'password=*** host=h'"),
        ("?sslpassword=ab&passfile=/root/.pgpass", "?sslpassword=***&passfile=***"),
        ("day=2026-11-20 batch=b1 keyboard=us", "day=2026-11-20 batch=b1 keyboard=us"),
        ("https://host:8080/path?day=1", "https://host:8080/path?day=1"),
        ("anna@post.example wrote", "anna@post.example wrote"),
    ],
)
def test_a_secret_nobody_knows_is_seen_by_its_place_in_a_url(text: str, shown: str) -> None:
    assert redacted(text, []) == shown


def test_secrets_of_a_url_are_its_password_and_its_secret_parameters() -> None:
    url = "postgresql://desk:Fo%40rtress@db/l?sslmode=require&password=Quer%2Fied&sslpassword=abc"
    found = set(secrets_of_url(url))
    assert {"Fo%40rtress", "Quer/ied", "abc"} <= found and "require" not in found
    assert "ss/w" in "".join(secrets_of_url("postgresql://u:p@ss/w@h/db"))


def test_variables_are_secret_by_name_or_by_what_they_hold() -> None:
    environment = {
        "OPENAI_API_KEY": "sk-secret-1",
        "CONTACT_TOKEN": "secret-2",
        "LLM_ASSETS_DATABASE_URL": "postgresql://u:secret-3@h/d",
        "HTTPS_PROXY": "http://u:secret-4@proxy:3128",
        "SSH_KEY": __file__,
        "ODD_KEY": "/secret-5/is/no/file",
        "HOME": "/home/desk",
        "MONKEY": "banana-5",
        "SHORT_KEY": "abc",
    }
    found = "".join(sorted(set(secrets(environment))))
    assert all(f"secret-{n}" in found for n in (1, 2, 3, 4, 5))
    assert "banana" not in found and __file__ not in found


def test_a_hostile_text_of_a_megabyte_takes_no_longer_than_an_ordinary_one() -> None:
    started = time.perf_counter()
    for text in (
        "a://" * 250_000,
        "a" * 1_000_000 + "://",
        "?key" * 250_000,
        "://@" * 250_000,
        "=" * 1_000_000,
    ):
        redacted(text, ["secret-1"])
    assert time.perf_counter() - started < 20

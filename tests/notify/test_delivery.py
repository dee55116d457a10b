"""Mail and signed requests as a real server receives them, and what is said when it does not take them."""

import json
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from standardwebhooks import Webhook

from llm_assets.domain.errors import (
    BlockedError,
    ConfigurationError,
    DeskError,
    TransientError,
    UnreachableError,
)
from resources.notify import deadline, smtp, webhook
from resources.notify.message import Message
from resources.settings.notifications import MailPlace, Notifications, WebhookPlace
from tests.support.houses.dovecot import issue_certificates
from tests.support.houses.post_office import LOGIN, PostOffice, post_office
from tests.support.providers.provider_server import Canned, Reply, canned_server

SECRET = "whsec_" + b64encode(b"thirty-two bytes of a test secret").decode()
NOTICE = Message(
    "5f1d", "night.late", "Ночь 20.11 is late", "First line.\nЕкінші жол.\n", {"day": "2026-11-20"},
    datetime(2026, 11, 21, 3, 1, tzinfo=UTC),
)  # fmt: skip


@pytest.fixture(scope="module")
def office() -> Iterator[PostOffice]:
    with post_office() as made:
        yield made


@pytest.fixture(scope="module")
def hooks() -> Iterator[Canned]:
    with canned_server() as made:
        yield made


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_SECRET", SECRET)
    monkeypatch.setenv("DESK_PASSWORD", LOGIN[1])


def lead(port: int, **changes: Any) -> MailPlace:
    given = {
        "name": "lead",
        "to": ["lead@desk.example", "deputy@desk.example"],
        "sender": "desk@desk.example",
    }
    return MailPlace.model_validate(
        {**given, "host": "127.0.0.1", "security": "none", "port": port, **changes}
    )


def chat(url: str) -> WebhookPlace:
    return WebhookPlace(name="chat", url=url, secret_env="DESK_SECRET")


def test_a_mail_reaches_everybody_and_is_the_same_with_every_try(office: PostOffice) -> None:
    place = lead(office.port)
    assert smtp.send(place, NOTICE) == smtp.send(place, NOTICE) == ""
    first, second = office.taken[-2:]
    assert office.receivers[-1] == list(place.to)
    assert first.as_bytes() == second.as_bytes()
    assert first["Subject"] == NOTICE.title
    assert first.get_content().replace("\r\n", "\n") == NOTICE.text
    assert (first["Message-ID"], first["Auto-Submitted"]) == ("<5f1d.lead@desk.example>", "auto-generated")
    assert smtp.try_place(place) == f"127.0.0.1:{office.port} takes mail (unencrypted) for 2 people"


def test_a_receiver_that_is_refused_is_named_by_number_and_no_word_of_the_server_is(
    office: PostOffice,
) -> None:
    place = lead(office.port)
    office.unknown = {"deputy@desk.example"}
    said = smtp.send(place, NOTICE)
    assert "refused 1 of 2 receivers of lead (550)" in said and "No such user" not in said
    office.unknown, office.busy = set(), True
    with pytest.raises(TransientError, match=r"refuses the mail for lead \(451\)") as busy:
        smtp.send(place, NOTICE)
    assert "CONFIDENTIAL" not in str(busy.value)
    office.busy = False


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_goes_over_tls_with_a_login_or_not_at_all(
    tmp_path: Path, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue_certificates(tmp_path)
    whole = {"security": security, "user": LOGIN[0], "password_env": "DESK_PASSWORD"}
    with post_office(tmp_path, security) as office:
        smtp.send(lead(office.port, **whole, ca_file=tmp_path / "ca.pem"), NOTICE)
        assert len(office.taken) == 1
        with pytest.raises(BlockedError, match="ca_file"):
            smtp.send(lead(office.port, **whole, ca_file=tmp_path / "stranger.pem"), NOTICE)
        monkeypatch.setenv("DESK_PASSWORD", "guessed-wrong")
        with pytest.raises(BlockedError, match=r"refuses the login of lead \(535\)"):
            smtp.send(lead(office.port, **whole, ca_file=tmp_path / "ca.pem"), NOTICE)
        assert len(office.taken) == 1


def test_no_password_is_sent_to_a_server_without_tls(office: PostOffice) -> None:
    with pytest.raises(BlockedError, match="offers no STARTTLS"):
        smtp.send(lead(office.port, security="starttls", user=LOGIN[0], password_env="DESK_PASSWORD"), NOTICE)


def test_a_request_is_signed_as_the_standard_says(hooks: Canned) -> None:
    hooks.on("POST /hook", Reply(204))
    webhook.send(chat(f"{hooks.url}/hook?to=desk"), NOTICE, datetime.now(UTC))
    [asked] = hooks.calls("POST /hook")
    body = Webhook(SECRET).verify(asked.body, asked.headers)
    assert body["type"] == "night.late" and body["timestamp"] == "2026-11-21T03:01:00+00:00"
    assert body["data"] == {"title": NOTICE.title, "text": NOTICE.text, "day": "2026-11-20"}
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers["webhook-id"] == "msg_5f1d"
    with pytest.raises(Exception, match="signature"):
        Webhook(SECRET).verify(asked.body.replace(b"late", b"fine"), asked.headers)


@pytest.mark.parametrize("status", [302, 400, 401, 410, 429, 500])
def test_an_answer_that_takes_nothing_is_a_failure_and_no_redirect_is_followed(
    hooks: Canned, status: int
) -> None:
    hooks.forget()
    hooks.on("POST /hook", Reply(status, {"said": "CONFIDENTIAL"}, {"Location": f"{hooks.url}/elsewhere"}))
    with pytest.raises(TransientError, match=f"answers {status}") as failed:
        webhook.send(chat(f"{hooks.url}/hook"), NOTICE, datetime.now(UTC))
    assert "CONFIDENTIAL" not in str(failed.value) and "/hook" not in str(failed.value)
    assert [asked.path for asked in hooks.asked] == ["/hook"]


def test_a_server_that_is_not_there_or_breaks_off_is_one_sentence(hooks: Canned) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(UnreachableError, match="does not answer"):
            smtp.send(lead(port), NOTICE)
        with pytest.raises(UnreachableError, match="does not answer"):
            webhook.send(chat(f"http://127.0.0.1:{port}/"), NOTICE, datetime.now(UTC))
    hooks.on("POST /cut", Reply(cut=True))
    with pytest.raises(DeskError, match="of chat does not answer"):
        webhook.send(chat(f"{hooks.url}/cut"), NOTICE, datetime.now(UTC))


WRONG = [
    ({"mail": [{"name": "a", "to": [], "sender": "d@x.example", "host": "h"}]}, "to"),
    ({"mail": [{"name": "a", "to": ["no address"], "sender": "d@x.example", "host": "h"}]}, "mail address"),
    ({"mail": [{"name": "a", "to": ["l@x.example\r\nBcc: m@x.example"], "sender": "d@x.example", "host": "h"}]}, "mail address"),
    ({"mail": [{"name": "a", "to": ["l@x.example"], "sender": "d@x.example", "host": "smtp.x.example", "security": "none"}]}, "loopback"),
    ({"mail": [{"name": "a", "to": ["l@x.example"], "sender": "d@x.example", "host": "h", "user": "u"}]}, "password_env"),
    ({"webhooks": [{"name": "a", "url": "http://hooks.x.example/", "secret_env": "S"}]}, "https"),
    ({"webhooks": [{"name": "a", "url": "https://u:p@hooks.x.example/", "secret_env": "S"}]}, "user"),
    ({"webhooks": [{"name": "a", "url": "file:///etc/passwd", "secret_env": "S"}]}, "address"),
    ({"webhooks": [{"name": "a", "url": "https://x.example/", "secret_env": "S", "events": ["all"]}]}, "report.ready"),
    ({"webhooks": [{"name": "a", "url": "https://x.example/", "secret_env": "S"}] * 2}, "used twice"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "named"), WRONG, ids=[str(n) for n in range(len(WRONG))])
def test_a_place_that_cannot_be_right_is_refused(content: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Notifications.model_validate(json.loads(json.dumps(content)))


@pytest.mark.parametrize(
    "secret", ["", "short", "whsec_" + b64encode(b"x" * 23).decode(), "whsec_%%%", "ключ"]
)
def test_a_secret_that_is_none_is_named_by_its_variable_alone(
    monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    monkeypatch.setenv("DESK_SECRET", secret)
    with pytest.raises(ConfigurationError, match="DESK_SECRET") as refused:
        webhook.signs_for(chat("https://hooks.x.example/"))
    assert not secret or secret not in str(refused.value)


def test_a_password_that_smtp_cannot_carry_is_named_and_not_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "пароль-9")
    issue_certificates(tmp_path)
    with post_office(tmp_path, "tls") as made, pytest.raises(BlockedError, match="use ASCII") as said:
        given = {
            "security": "tls",
            "ca_file": tmp_path / "ca.pem",
            "user": "desk",
            "password_env": "DESK_PASSWORD",
        }
        smtp.send(lead(made.port, **given), NOTICE)
    assert "пароль" not in str(said.value) and said.value.__cause__ is None


@contextmanager
def dripping() -> Iterator[int]:
    """A server that says a byte each tenth of a second and never ends a line; its port."""
    ended = Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while not ended.wait(0.1):
                connection.sendall(b"2")

    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while not ended.is_set():
                    Thread(target=drip, args=[server.accept()[0]], daemon=True).start()

        Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])
        ended.set()


@pytest.mark.parametrize("security", ["none", "tls", "starttls", "webhook"])
def test_a_place_that_speaks_ever_so_slowly_is_left_in_time(
    security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeout for each read would begin anew with each byte."""
    monkeypatch.setattr(deadline, "ALTOGETHER", 0.5)
    with dripping() as port:
        began = time.monotonic()
        with pytest.raises((UnreachableError, BlockedError)):
            if security == "webhook":
                webhook.send(chat(f"http://127.0.0.1:{port}/x"), NOTICE, NOTICE.at)
            else:
                smtp.send(lead(port, security=security), NOTICE)
        assert time.monotonic() - began < 5

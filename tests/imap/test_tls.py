"""How a password reaches the server: over TLS that is trusted, or not at all."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from pydantic import ValidationError

from resources.settings.environment import SHIPPED_CONFIG, Settings
from resources.settings.sources import ImapAccount, Sources, load_sources
from tests.support.houses.desk_with_mailboxes import NOON, DeskWithMailboxes, account
from tests.support.houses.dovecot import Dovecot
from tests.support.houses.wire import Wire

Desks = Callable[..., DeskWithMailboxes]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_is_read_over_tls(security: str, server: Dovecot, user: str, desks: Desks) -> None:
    port = server.tls if security == "tls" else server.plain
    desk = desks(account(server, user, security=security, port=port, ca_file=str(server.ca)))
    server.fill(user, 2, arrived=NOON)
    assert desk.read().messages == 2


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("authority", [None, "stranger.pem"])
def test_a_certificate_nobody_vouches_for_is_refused(
    authority: str | None, security: str, server: Dovecot, user: str, desks: Desks
) -> None:
    given = {"ca_file": str(server.folder / authority)} if authority is not None else {}
    port = server.tls if security == "tls" else server.plain
    desk = desks(account(server, user, security=security, port=port, **given))
    desk.read()
    said = desk.troubled()[user]
    assert f"the certificate of 127.0.0.1:{port} is not trusted" in said
    assert f"ca_file of mailbox {user}" in said


def test_a_certificate_of_another_name_is_refused(server: Dovecot, user: str, desks: Desks) -> None:
    desk = desks(
        account(server, user, host="localhost", security="tls", port=server.tls, ca_file=str(server.ca))
    )
    desk.read()
    assert "is not trusted" in desk.troubled()[user]


def test_a_port_without_tls_is_named(server: Dovecot, user: str, desks: Desks) -> None:
    desk = desks(account(server, user, security="tls", port=server.plain, ca_file=str(server.ca)))
    desk.read()
    assert "does not speak TLS from the start: correct port or security" in desk.troubled()[user]


def test_no_password_is_sent_where_starttls_is_not_offered(
    server: Dovecot, user: str, desks: Desks, wire: Wire
) -> None:
    wire.change = lambda data: data.replace(b" STARTTLS", b"")
    desk = desks(account(server, user, security="starttls", port=wire.port, ca_file=str(server.ca)))
    desk.read()
    assert "offers no STARTTLS, so no password was sent" in desk.troubled()[user]
    assert wire.count(b"AUTHENTICATE") == wire.count(b"LOGIN") == 0


def test_a_ca_file_that_is_none_is_named(server: Dovecot, user: str, desks: Desks) -> None:
    desk = desks(account(server, user, security="tls", port=server.tls, ca_file="missing.pem"))
    desk.read()
    said = desk.troubled()[user]
    assert f"ca_file of mailbox {user} cannot be used" in said
    assert str(desk.settings.config) in said  # relative to the file that names it


def test_an_open_connection_is_for_loopback_only() -> None:
    given = {"name": "a", "user": "a", "password_env": "A", "security": "none"}
    for host in ("127.0.0.1", "::1", "localhost"):
        assert ImapAccount.model_validate(given | {"host": host}).server_port == 143
    with pytest.raises(ValidationError, match="in the clear"):
        ImapAccount.model_validate(given | {"host": "mail.bank.example"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a b"},
        {"name": ""},
        {"password": "secret"},
        {"password_env": "not a name"},
        {"folders": []},
        {"folders": ["a\r\nb"]},
        {"user": "a\nb"},
        {"port": 0},
        {"security": "ssl"},
        {"since": "soon"},
        {"largest_mb": 0},
    ],
)
def test_a_mistake_in_an_account_is_refused(wrong: dict[str, object]) -> None:
    given = {"name": "a", "host": "mail.example", "user": "a", "password_env": "A"}
    assert ImapAccount.model_validate(given).server_port == 993
    with pytest.raises(ValidationError):
        ImapAccount.model_validate(given | wrong)


def test_two_accounts_do_not_share_a_name() -> None:
    one = {"name": "a", "host": "mail.example", "user": "a", "password_env": "A"}
    with pytest.raises(ValidationError, match="the name a is used twice"):
        Sources.model_validate({"imap": [one, one]})


def test_the_shipped_file_names_no_mailbox_and_its_examples_are_valid() -> None:
    import yaml

    assert load_sources(Settings(_env_file=None)).imap == ()
    text = (SHIPPED_CONFIG / "sources.yaml").read_text()
    example = re.search(r"^# imap:\n(?:#(?:  .*)?\n)+", text, re.MULTILINE)
    assert example is not None
    shown = re.sub(r"^# ?", "", example[0], flags=re.MULTILINE)
    accounts = Sources.model_validate(yaml.safe_load(shown)).imap
    assert [a.name for a in accounts] == ["support", "claims"]
    assert accounts[1].since == date(2026, 11, 1)

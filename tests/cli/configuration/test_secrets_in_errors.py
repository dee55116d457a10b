"""No error of any command shows a secret of the settings, and each is one sentence."""

from pathlib import Path

import pytest

from llm_assets.domain.redaction import redacted
from resources.settings.secrets import secrets
from tests.support.houses.house import TODAY, House

DAY = TODAY.isoformat()
COMMANDS = (("status",), ("night", "--day", DAY), ("plan", "--day", DAY), ("audit", "verify"), ("doctor",))
CLOSED = "127.0.0.1:1"

SECRETS = {
    "database, userinfo": (
        "LLM_ASSETS_DATABASE_URL", f"postgresql://desk:Fo%40rtress%2F9@{CLOSED}/ledger", ("Fo%40rtress", "Fo@rtress"), 2,
    ),
    "database, characters that need encoding": (
        "LLM_ASSETS_DATABASE_URL", f"postgresql://desk:Fo@rtr/ess#9@{CLOSED}/ledger", ("Fo@", "rtr", "ess#9"), 2,
    ),
    "database, query": (
        "LLM_ASSETS_DATABASE_URL", f"postgresql://desk@{CLOSED}/ledger?password=Fortress9", ("Fortress9",), 2,
    ),
    "database, sslpassword and passfile": (
        "LLM_ASSETS_DATABASE_URL",
        f"postgresql://desk@{CLOSED}/ledger?sslpassword=Fortress9&passfile=/srv/hidden.pass",
        ("Fortress9", "hidden.pass"),
        2,
    ),
    "database, a word no driver knows": (
        "LLM_ASSETS_DATABASE_URL", f"postgresql://desk@{CLOSED}/ledger?password=Fortress9&pasword=Tower8x", ("Fortress9", "Tower8x"), 2,
    ),
    "database, port": ("LLM_ASSETS_DATABASE_URL", "postgresql://desk:Fortress9@localhost:Tower8x/l", ("Fortress9",), 2),
    "database, another driver": ("LLM_ASSETS_DATABASE_URL", "mysql://desk:Fortress9@localhost/l", ("Fortress9",), 2),
    "address, userinfo": ("OPENAI_BASE_URL", f"http://user:Fortress9@{CLOSED}/v1", ("Fortress9",), 2),
    "address, userinfo with an @": ("OPENAI_BASE_URL", f"http://user:Fo@rtress9@{CLOSED}/v1", ("rtress9",), 2),
    "address, query": ("OPENAI_BASE_URL", f"http://{CLOSED}/v1?api_key=Fortress9", ("Fortress9",), 2),
    "address, no scheme": ("OPENAI_BASE_URL", "user:Fortress9@host", ("Fortress9",), 2),
    "address, not in Latin letters": ("OPENAI_BASE_URL", "http://\u0445\u043e\u0441\u0442:1/v1", (), 2),
    "key, Cyrillic": ("OPENAI_API_KEY", "sk-\u043a\u043b\u044e\u0447Fortress9", ("Fortress9", "\u043a\u043b\u044e\u0447"), 2),
    "key, byte order mark": ("OPENAI_API_KEY", "\ufeffsk-Fortress9", ("Fortress9",), 2),
    "key, line end inside": ("OPENAI_API_KEY", "sk-\nFortress9", ("Fortress9",), 2),
    "key, quoted": ("OPENAI_API_KEY", '"sk-Fortress9"', ("Fortress9",), 2),
    "key, curly quotes": ("OPENAI_API_KEY", "\u201csk-Fortress9\u201d", ("Fortress9",), 2),
    "key, space inside": ("OPENAI_API_KEY", "Bearer Fortress9", ("Fortress9",), 2),
    "key, blanks only": ("OPENAI_API_KEY", "  \n", (), 2),
    "key, no Unicode": ("OPENAI_API_KEY", "sk-\udcff\udcfeFortress9", ("Fortress9",), 2),
}  # fmt: skip


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize(
    "commands",
    [
        pytest.param((COMMANDS[1], COMMANDS[-1]), id="night and doctor"),
        pytest.param(COMMANDS, id="all", marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize("case", SECRETS)
def test_no_command_prints_a_secret_of_a_setting_that_fails(
    house: House, case: str, commands: tuple[tuple[str, ...], ...]
) -> None:
    name, value, hidden, code = SECRETS[case]
    failed = 0
    for command in commands:
        ran = house.run(*command, **{name: value})
        said = ran.out + ran.err
        assert "Traceback" not in said, said
        assert not [word for word in hidden if word in said], said
        if command == ("doctor",):
            lines = [line for line in ran.out.splitlines() if line.startswith("FAIL")]
            assert ran.code == 1 and lines, said
        elif ran.code:
            assert ran.code == code and ran.said_one_sentence(), said
            failed += 1
    assert failed >= 1, "the setting is noticed by a night at the latest"


@pytest.mark.parametrize("token", ["/Fortress9+Tower8x/aGk=", "./Fortress9", "~Fortress9"])
def test_a_secret_that_begins_like_a_path_is_hidden_and_a_path_is_not(token: str, tmp_path: Path) -> None:
    place = str(tmp_path)
    environment = {"CONTACT_TOKEN": token, "SSH_KEY": place, "HOME_TOKEN": "~/"}
    assert list(secrets(environment)) == [token]
    assert redacted(f"{token} in {place}", secrets(environment)) == f"*** in {place}"


@pytest.mark.sampled(every=5)
@pytest.mark.parametrize(
    "key",
    [
        "\tinvented-key\r\n",
        *(
            pytest.param(each, marks=pytest.mark.soak)
            for each in ("invented-key ", " invented-key", "invented-key\n")
        ),
    ],
)
def test_blanks_around_a_key_are_no_part_of_it(house: House, key: str) -> None:
    assert house.night(OPENAI_API_KEY=key).code == 0


SOURCES = {
    "host is a URL": ("imap:\n  - {name: a, host: 'imaps://desk:Fortress9@mail.example:993', user: u, password_env: P}\n", "imap.0.host"),
    "host with a password": ("imap:\n  - {name: a, host: 'desk:Fortress9@mail.example', user: u, password_env: P}\n", "imap.0.host"),
    "a password in the file": ("imap:\n  - {name: a, host: mail.example, user: u, password_env: P, password: Fortress9}\n", "imap.0.password"),
    "a password for a name": ("imap:\n  - {name: a, host: mail.example, user: u, password_env: 'Fortress9!'}\n", "password_env"),
    "a password for an alias": ("imap:\n  - {name: a, password: *Fortress9}\n", "not valid YAML at line 2"),
    "a password for a tag": ("imap:\n  - {name: a, password: !Fortress9 x}\n", "not valid YAML at line 2"),
    "a mail server that sends": ("smtp: 'smtps://desk:Fortress9@mail.example'\n", "smtp: is no setting here"),
    "a token that is too short": ("forms:\n  - {name: contact, token_env: CONTACT_TOKEN}\n", "shorter than"),
}  # fmt: skip


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize("case", SOURCES)
def test_a_secret_in_sources_is_not_quoted(house: House, tmp_path: Path, case: str) -> None:
    text, says = SOURCES[case]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "sources.yaml").write_text(text, "utf-8")
    settings = {"LLM_ASSETS_CONFIG": str(tmp_path / "config"), "CONTACT_TOKEN": "Fortress9"}
    command = ("forms", "--port", "0") if "forms" in text else ("night", "--day", DAY)
    ran = house.run(*command, **settings)
    assert (ran.code, ran.said_one_sentence(says)) == (2, True), ran.err
    assert "Fortress9" not in ran.out + ran.err
    doctor = house.run("doctor", **settings)
    assert "Fortress9" not in doctor.out + doctor.err and "Traceback" not in doctor.err

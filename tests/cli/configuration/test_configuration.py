"""What is configured wrongly is one sentence with the cure on stderr, exit code 2, before any mail is read."""

from pathlib import Path

import pytest

from tests.support.houses.house import TODAY, House
from tests.support.mail.invented_inbox import mail, put

PROVIDERS = """
providers:
  house:
    protocol: openai
    base_url: http://127.0.0.1:9/v1
    region: kz
    models: {cheap: %s, standard: gpt-6.1-terra, strong: gpt-6.1-sol}
    limits: {batch_requests: 100, batch_bytes: 1000000}
"""
QUEUES = """
queues:
  - name: bank
    default: true
    allowed_regions: [eu]
    categories: [{name: any}]
"""
HOUSE = {"LLM_ASSETS_PROVIDER": "house", "OPENAI_API_KEY": "invented"}

WRONG = {
    "no provider is chosen": ({}, {"LLM_ASSETS_PROVIDER": ""}, ("anthropic, azure, emulator, ",)),
    "an unknown provider": ({}, {"LLM_ASSETS_PROVIDER": "gpt"}, ("gpt", "anthropic, azure, emulator, ")),
    "a model without a price": (
        {"providers.yaml": PROVIDERS % "small-8b"},
        HOUSE,
        ("small-8b", "prices"),
    ),
    "a protocol that nothing here speaks": (
        {"providers.yaml": (PROVIDERS % "small-8b").replace("protocol: openai", "protocol: telepathy")},
        HOUSE,
        ("providers.yaml", "house", "protocol 'telepathy' is not known; write one of: anthropic, openai"),
    ),
    "an effort that there is not": (
        {"providers.yaml": PROVIDERS % "gpt-6-luna" + "    effort: {drafts: lots}\n"},
        HOUSE,
        ("effort.drafts: Input should be 'none', 'minimal'",),
    ),
    "an effort for a tier that there is not": (
        {"providers.yaml": PROVIDERS % "gpt-6-luna" + "    effort: {drafts: {huge: low}}\n"},
        HOUSE,
        ("effort.drafts.huge: Input should be 'cheap', 'standard' or 'strong'",),
    ),
    "an effort of a step that there is not": (
        {"providers.yaml": PROVIDERS % "gpt-6-luna" + "    effort: {categorys: low}\n"},
        HOUSE,
        ("house", "categorys", "no step", "categories"),
    ),
    "a region that a queue does not allow": (
        {"providers.yaml": PROVIDERS % "gpt-6-luna", "queues.yaml": QUEUES},
        HOUSE,
        ("bank", "eu", "kz", "allowed_regions"),
    ),
    "a completion window that is no number of hours": (
        {"providers.yaml": PROVIDERS % "gpt-6-luna" + "    routes: {window: {8 hours: 0.6}}\n"},
        HOUSE,
        ("providers.yaml", "routes.window.8 hours", "write whole hours, such as 8h"),
    ),
    "YAML that cannot be read": (
        {"queues.yaml": "queues:\n  - name: bank\n   default: true\n"},
        {},
        ("queues.yaml", "line 3"),
    ),
    "a word that is no setting": (
        {"lanes.yaml": "lanes:\n  nightly: {speed: 3}\n"},
        {},
        ("lanes.yaml", "lanes.nightly.speed"),
    ),
    "a queue without a name of its own": (
        {"queues.yaml": QUEUES + "  - name: bank\n    categories: [{name: any}]\n"},
        {},
        ("queues.yaml", "share a name"),
    ),
    "no key": ({}, {"OPENAI_API_KEY": ""}, ("OPENAI_API_KEY",)),
    "an unknown time zone": ({}, {"LLM_ASSETS_TIMEZONE": "Mars/Olympus"}, ("LLM_ASSETS_TIMEZONE", "Asia/Almaty")),
    "a config folder that is not there": ({}, {"LLM_ASSETS_CONFIG": "nowhere"}, ("LLM_ASSETS_CONFIG", "nowhere")),
    "a database nobody can open": (
        {},
        {"LLM_ASSETS_DATABASE_URL": "oracle://x"},
        ("LLM_ASSETS_DATABASE_URL",),
    ),
}  # fmt: skip


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_configuration_is_one_sentence_before_any_mail_is_read(house: House, case: str) -> None:
    files, settings, words = WRONG[case]
    config = house.home.parent / "config"
    config.mkdir()
    for name, text in files.items():
        (config / name).write_text(text)
    put(house.home / "inbox", "1.eml", mail("Where is my card?", 1), TODAY)
    ran = house.night(**({"LLM_ASSETS_CONFIG": str(config)} | settings))
    assert ran.code == 2, ran.err
    assert ran.said_one_sentence(*words), ran.err
    assert ran.out == ""
    assert not (house.home / "raw").exists() and not (house.home / "reports").exists()


def test_doctor_names_a_protocol_that_nothing_here_speaks(house: House, tmp_path: Path) -> None:
    (tmp_path / "providers.yaml").write_text(
        (PROVIDERS % "gpt-6-luna").replace("protocol: openai", "protocol: telepathy")
    )
    ran = house.run("doctor", **(HOUSE | {"LLM_ASSETS_CONFIG": str(tmp_path)}))
    [line] = [line for line in ran.out.splitlines() if line.startswith("FAIL provider: ")]
    assert ran.code == 1 and "Traceback" not in ran.out + ran.err
    for word in ("providers.yaml", "house", "'telepathy'", "anthropic, openai"):
        assert word in line


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("night", "--day", "2026-02-31"), "2026-02-31"),
        (("night", "--day", "2099-01-01"), "2099-01-01"),
        (("night", "--day", TODAY.isoformat(), "--rework", "everything"), "--rework everything"),
        (("night", "--day", TODAY.isoformat(), "--inbox", "nowhere"), "nowhere"),
        (("mask", "nowhere.eml"), "nowhere.eml"),
        (("dead-letters", "list", "--step", "categorys"), "categorys"),
        (("emulator", "--scenario", "nowhere.yaml"), "nowhere.yaml"),
        (("dawn",), "dawn"),
    ],
    ids=str,
)
def test_a_wrong_word_at_the_command_line_is_named_with_exit_code_2(
    house: House, words: tuple[str, ...], named: str
) -> None:
    ran = house.run(*words)
    assert ran.code == 2, ran.err
    assert named in ran.err and "Traceback" not in ran.err


def test_a_home_that_cannot_be_written_is_one_sentence(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = house.run("status", LLM_ASSETS_HOME=str(tmp_path / "file" / "home"))
    assert ran.code == 2 and ran.said_one_sentence("LLM_ASSETS_HOME")

"""A configuration file that is hostile, ambiguous or no text is one sentence with its place: exit 2, no trace, no crash."""

from pathlib import Path

import pytest

from tests.support.houses.house import TODAY, House

FILES = ("queues.yaml", "lanes.yaml", "providers.yaml", "sources.yaml")
LAUGHS = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
HOSTILE = {
    "a thousand levels in flow": ("a: " + "[" * 1000 + "]" * 1000, "nested deeper"),
    "a hundred thousand levels": ("a: " + "[" * 100_000, "nested deeper"),
    "a thousand mappings": ("a: " + "{a: " * 1000 + "1" + "}" * 1000, "nested deeper"),
    "a thousand levels in blocks": ("".join(" " * n + "a:\n" for n in range(1000)), "nested deeper"),
    "a billion laughs": (LAUGHS, "more than 200000 values"),
    "an alias that holds itself": ("a: &x [*x]\n", ""),
    "a key twice": ("queues: []\nqueues: []\n", ["the key queues is there twice", "line 2"][0]),
    "a key twice deep inside": ("a:\n  - b: {c: 1, c: 2}\n", "the key c is there twice"),
    "a tab": ("a:\n\tb: 1\n", "line 2"),
    "a NUL byte": ("a: \x00\n", "characters that no text has"),
    "a control character": ("a: '\x07'\n", "characters that no text has"),
    "no UTF-8": (b"a: \xff\xfe\n", "not UTF-8"),
    "a binary file": (bytes(range(256)) * 50, "not"),
    "UTF-16": ("a: 1\n".encode("utf-16"), "not UTF-8"),
    "a date that never was": ("a: 2026-13-45\n", "date or number"),
    "a number of a thousand digits and more": (f"a: {'9' * 5000}\n", "date or number"),
    "a list for a key": ("? [1]\n: 2\n", ""),
    "two documents": ("a: 1\n---\nb: 2\n", "document"),
    "a list": ("- 1\n", ""),
    "a word": ("hello\n", ""),
    "an object of Python": ("a: !!python/object/apply:os.system ['echo owned']\n", ""),
    "large": ("# " + "x" * 5_000_001, "more than 5000000 bytes"),
}


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_one_sentence_whichever_file_it_is(house: House, tmp_path: Path, case: str) -> None:
    content, says = HOSTILE[case]
    data = content if isinstance(content, bytes) else content.encode()
    for name in FILES:
        config = tmp_path / name.partition(".")[0]
        config.mkdir()
        (config / name).write_bytes(data)
        ran = house.run("night", "--day", TODAY.isoformat(), LLM_ASSETS_CONFIG=str(config))
        assert (ran.code, ran.said_one_sentence(name, says)) == (2, True), (name, ran.err[-500:])
        assert len(ran.err) < 700 and "owned" not in ran.out


def test_doctor_says_it_in_a_line(house: House, tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_text("a: " + "[" * 100_000)
    ran = house.run("doctor", LLM_ASSETS_CONFIG=str(tmp_path))
    failed = [line for line in ran.out.splitlines() if line.startswith("FAIL") and "nested deeper" in line]
    assert ran.code == 1 and len(failed) >= 4 and "Traceback" not in ran.err, ran.out


def test_a_folder_in_place_of_a_file_is_one_sentence(house: House, tmp_path: Path) -> None:
    (tmp_path / "config" / "queues.yaml").mkdir(parents=True)
    ran = house.run("night", "--day", TODAY.isoformat(), LLM_ASSETS_CONFIG=str(tmp_path / "config"))
    assert (ran.code, ran.said_one_sentence("queues.yaml", "directory")) == (2, True), ran.err


@pytest.mark.parametrize("data", [b"\xff\xfeA=1", b"OPENAI_API_KEY=\x80Fortress9\n", bytes(range(256))])
def test_a_dotenv_that_is_no_text_is_one_sentence_and_quotes_nothing(house: House, data: bytes) -> None:
    house.home.mkdir()
    (house.home.parent / ".env").write_bytes(data)
    for command in (("status",), ("doctor",), ("parse", "x.eml"), ("mask", "x.eml")):
        ran = house.run(*command)
        assert (ran.code, ran.said_one_sentence(".env", "UTF-8")) == (2, True), ran.err
        assert "Fortress9" not in ran.err


def test_a_file_of_a_byte_order_mark_and_of_ordinary_aliases_is_read(house: House, tmp_path: Path) -> None:
    text = "\ufeffqueues:\n  - name: bank\n    default: true\n    categories: &c [{name: any}]\n  - name: shop\n    categories: *c\n"
    (tmp_path / "queues.yaml").write_text(text, "utf-8")
    ran = house.run("doctor", LLM_ASSETS_CONFIG=str(tmp_path))
    assert "ok   queues: 2 queues in" in ran.out, ran.out

"""`parse --why`: which rule cut, chose or flagged what, and in which lines."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from llm_assets.intake.item import read_item
from llm_assets.intake.reading import Reading
from llm_assets.intake.rows import parse_rows
from llm_assets.intake.trace import Trace
from llm_assets.intake.why import MEANINGS, reasons
from tests.support.pages import rows, section, text_of

SAMPLES = sorted(Path("data/samples").rglob("*.eml"))
HEAD = "From: Anna Kim <anna@post.example>\nTo: desk@altyn.example\nSubject: Order\nMIME-Version: 1.0\n"
LETTER = """\
Where is my order 4471?
I paid on Monday.

Best regards,
Anna Kim
+7 701 222 33 44

On Thu, 19 Nov 2026 at 09:00, Desk <desk@altyn.example> wrote:
> How can we help?
"""
PLAIN = "Content-Type: text/plain; charset=utf-8\n\n"


def why(mail: str | bytes, kind: str = "mail") -> list[dict[str, Any]]:
    data = mail if isinstance(mail, bytes) else mail.encode()
    trace = Trace()
    message = read_item(data, None, "a.eml", Reading(ocr=False, trace=trace))
    assert message == read_item(data, None, "a.eml", Reading(ocr=False))
    return reasons(message, trace.notes)


def told(mail: str | bytes) -> dict[tuple[str, str], tuple[list[int] | None, str | None]]:
    return {(r["rule"], r["what"]): (r["lines"], r["flag"]) for r in why(mail)}


def test_a_cut_names_its_rule_and_its_lines() -> None:
    found = told(HEAD + PLAIN + LETTER)
    assert found["attribution", "quote cut"] == ([8, 9], None)
    assert found["signature", "signature cut: closing formula"] == ([4, 6], None)
    assert found["language", "language chosen: en"] == (None, None)


ODD = "On 5 May 2026 your agent wrote:\nAll is well.\n\nIt is not."
FORWARDED = "FYI\n\n---------- Forwarded message ---------\nFrom: Li <li@post.example>\nDate: 5 May 2026\nSubject: Broken\n\nIt broke."


@pytest.mark.parametrize(
    ("text", "rule", "what", "lines", "flag"),
    [
        ("Hello\n\n" + LETTER.split("\n\n", 2)[2], "attribution", "quote cut", [3, 4], None),
        ("It is late.\n\n-- \nAnna Kim", "signature", "signature cut: delimiter", [3, 4], None),
        ("It is late.\n\nSent from my iPhone", "signature", "signature cut: device line", [3, 3], None),
        (ODD, "attribution", "kept: told in words, without the form of a mail program", [1, 1], "kept_in_doubt"),
        (FORWARDED, "forward title", "head cut: the mail that is passed on counts", [3, 6], None),
        ("> only this", "marked lines", "kept: nobody quotes by such marks here", [1, 1], "kept_in_doubt"),
        ("Sent from my iPhone", "device line", "cut: a telephone alone wrote it", None, None),
        (
            "Please check it.\n\nBest regards,\nAnna Kim\nIIN 880412300122",
            "signature",
            "kept: it gives what a desk asks for, or is not set off",
            [3, 3],
            "kept_in_doubt",
        ),
    ],
)  # fmt: skip
def test_each_rule_of_a_text_says_what_it_did(
    text: str, rule: str, what: str, lines: list[int] | None, flag: str | None
) -> None:
    assert told(HEAD + PLAIN + text)[rule, what] == (lines, flag)


ALTERNATIVES = (
    'Content-Type: multipart/alternative; boundary="b"\n\n'
    "--b\nContent-Type: text/plain\n\n%s\n--b\nContent-Type: text/html\n\n%s\n--b--\n"
)


@pytest.mark.parametrize(
    ("plain", "page", "what"),
    [
        ("The lamp is broken.", "<p>The lamp is broken.</p>", "plain chosen over html"),
        (
            "View this mail in your browser.",
            "<p>The lamp that I ordered is broken, send another.</p>",
            "html chosen over plain, which only stands in for it or repeats a part",
        ),
        (" ", "<p>The lamp is broken.</p>", "html chosen over plain, which has no words"),
    ],
)
def test_the_chosen_rendering_is_named_with_its_part(plain: str, page: str, what: str) -> None:
    [found] = [r for r in why(HEAD + ALTERNATIVES % (plain, page)) if r["rule"] == "alternatives"]
    assert (found["what"], found["part"], found["flag"]) == (what, "part 1", None)


def test_a_guessed_charset_is_named_with_the_flag() -> None:
    text = "Здравствуйте, верните мне деньги за второй заказ".encode("koi8-r")
    found = told((HEAD + "Content-Type: text/plain; charset=utf-8\n\n").encode() + text)
    assert found["charset", "charset guessed: koi8-r"] == (None, "charset_guessed")


def test_a_mail_inside_a_mail_has_notes_of_its_own() -> None:
    inner = HEAD + ALTERNATIVES % ("The lamp is broken.", "<p>The lamp is broken.</p>")
    mixed = 'Content-Type: multipart/mixed; boundary="c"\n\n--c\nContent-Type: text/plain\n\nFYI\n'
    found = why(HEAD + mixed + f"--c\nContent-Type: message/rfc822\n\n{inner}\n--c--\n")
    assert [
        (r["part"], r["what"]) for r in found if r["rule"] in ("alternatives", "forwarded attachment")
    ] == [
        ("attachment 1 > part 1", "plain chosen over html"),
        ("attachment 1", "its text counts: the mail adds no more than a cover note"),
    ]


def test_an_automatic_answer_says_by_what_it_is_known() -> None:
    found = told(HEAD + "Auto-Submitted: auto-replied\n" + PLAIN + "I am away.")
    assert found["machine", "header of a program"] == (None, "auto_submitted")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: p.name)
def test_cut_lines_and_new_text_are_the_text_and_every_flag_has_a_reason(path: Path) -> None:
    trace = Trace()
    message = read_item(path.read_bytes(), None, path.name, Reading(ocr=False, trace=trace))
    found = reasons(message, trace.notes)
    flags = {*message.flags, *(f for a in message.attachments for f in a.flags)}
    assert flags <= {r["flag"] for r in found}
    assert [r for r in found if len(r["what"]) > 12 and r["what"] in message.text] == []
    cut = {
        n
        for r in found
        if r["part"] == "text" and r["lines"] is not None and " cut" in f" {r['what']}"
        for n in range(r["lines"][0], r["lines"][1] + 1)
    }
    kept = [line.strip() for n, line in enumerate(message.text.split("\n"), 1) if n not in cut]
    whole = any(r["rule"] in ("nothing left", "forwarded attachment", "device line") for r in found)
    assert whole or [x for x in kept if x] == [x.strip() for x in message.new_text.split("\n") if x.strip()]


def test_the_command_adds_the_reasons_and_only_where_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_text(HEAD + PLAIN + LETTER)
    [row], [plain] = (list(parse_rows([tmp_path / "a.eml"], ocr=False, why=asked)) for asked in (True, False))
    assert row.pop("why") == why(HEAD + PLAIN + LETTER) and row == plain
    assert json.dumps(row)
    [missing] = parse_rows([tmp_path / "no.eml"], ocr=False, why=True)
    assert [r["rule"] for r in missing["why"]] == ["reading", "message"]


def test_every_flag_of_the_page_has_a_meaning() -> None:
    page = text_of("docs/reference/reading.md")
    mail = {row[-1] for row in rows(section(page, "## Mail").partition("###")[0])}
    files = {row[0] for row in rows(section(page, "## Attachments")) if len(row) == 2}
    limits = {row[-1] for row in rows(section(page, "## Limits"))}
    named = {flag for cell in mail | files | limits for flag in re.findall(r"`([a-z_]+)`", cell)}
    assert {"kept_in_doubt", "poor_scan", "too_deep"} <= named <= MEANINGS.keys()

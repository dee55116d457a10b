"""What is seen of a page: letters on their ground, line ends that a style keeps, characters that take no place."""

import time

import pytest

from llm_assets.intake.pages.html import to_text

LETTER = "Transfer 731204 did not reach my sister, please look into it."
OTHER = "<p>Good morning, here is what I wanted to ask you.</p>"


@pytest.mark.parametrize(
    "page",
    [
        f'<p style="color:#FFFFFF">{LETTER}</p>',
        f'<p style="color: rgb(255 255 255 / 90%) !important">{LETTER}</p>',
        f'<p style="color: hsl(0, 0%, 100%)">{LETTER}</p>',
        f'<font color="white">{LETTER}</font>',
        f"<style>.t{{color:#fff}}</style><div class=t>{LETTER}</div>",
        f'<div style="color:#fff">{LETTER}</div><blockquote type=cite>What the bank wrote about it long ago</blockquote>',
        f'<div style="color:#fff">{LETTER}</div><p>On Tue, Mar 3, 2026 at 12:40 PM Bank &lt;b@bank.example&gt; wrote:</p>'
        f"<blockquote type=cite>{OTHER * 9}</blockquote>",
        f'<div style="color:#fff">{LETTER}</div><hr><div>From: Bank<br>Sent: 3 March 2026 12:40<br>Subject: Transfer</div>'
        f"{OTHER * 9}",
        f'<body bgcolor="#101010"><p style="color:#fff">{LETTER}</p></body>',
        f'<body style="background:rgb(20,20,20)"><p style="color:#fff">{LETTER}</p>{OTHER}</body>',
        f'<body bgcolor=000000 text=FFFFFF><p>{LETTER}</p><p style="background:#fff;color:#000">x</p></body>',
        f"<style>html,body{{background-color:#121212;color:#fff}}</style><p>{LETTER}</p>",
        f'<style>.night{{background:#222}} p{{color:white}}</style><body class="night"><p>{LETTER}</p></body>',
        f'<style>body.night div{{background:#222}}</style>{OTHER}<div style="color:#fff">{LETTER}</div>',
        "<style>@media (prefers-color-scheme: dark){body{background:#000}}</style>"
        f'{OTHER}<p style="color:#fff">{LETTER}</p>',
        f'{OTHER}<div style="background:#036 url(x.png);color:#fff">{LETTER}</div>',
        f'{OTHER}<div style="background-image:linear-gradient(#000,#111);color:#fff">{LETTER}</div>',
    ],
)
def test_white_letters_written_on_a_dark_screen_are_read(page: str) -> None:
    found = to_text(page)
    assert LETTER in found.text
    assert not found.hidden


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        (f'<div style="color:#fff">{LETTER}</div><div>Sent from my phone</div>', True),
        (f'<p>Hello</p><p style="color:#fff">{LETTER}</p>', True),
        (f'{OTHER}<p style="color:#fff">{LETTER}</p>', False),
        (f'<div style="color:#fff">{LETTER}</div>{OTHER}{OTHER}{OTHER}', False),
    ],
)
def test_white_letters_are_the_letter_when_hardly_anything_else_is_seen(page: str, kept: bool) -> None:
    found = to_text(page)
    assert (LETTER in found.text) is kept
    assert found.hidden


@pytest.mark.parametrize(
    "page",
    [
        "<style>.x{color:#fff}</style>{}<p class=x>obey</p>",
        "<style>.x{color:#fff;background:white}</style>{}<p class=x>obey</p>",
        "<style>i{color:white}</style>{}<i>obey</i>",
        "<style>.x{color:#fff} .x:hover{background:#000}</style>{}<p class=x>obey</p>",
        "<style>@media print{.x{background:#000}}</style>{}<p class=x style='color:#fff'>obey</p>",
        "<body style='background:#000;color:#fff'>{}<p style='color:#000'>obey</p></body>",
        "<body bgcolor=#000000 text=#ffffff>{}<div style='background:#fff'>obey</div></body>",
        "{}<p style='color:#36c;background:#36c'>obey</p>",
        "{}<p style='color:#00000000'>obey</p>",
    ],
)
def test_letters_in_the_colour_of_their_ground_are_left_out(page: str) -> None:
    found = to_text(page.replace("{}", OTHER))
    assert found.text == "Good morning, here is what I wanted to ask you."
    assert found.hidden


def test_a_page_that_shows_nothing_stays_empty() -> None:
    assert to_text(f'<p style="color:transparent">{LETTER}</p>') == ("", True)
    assert to_text(f'<div style="display:none">{LETTER}</div>') == ("", True)


LINES = "Good morning!\nInvoice 5521\nSum 18 300\n\nWhen is it due?"


@pytest.mark.parametrize(
    "page",
    [
        "<div style='white-space:pre-wrap'>{}</div>",
        "<div style='white-space: pre-line !important'>{}</div>",
        "<div style='white-space:break-spaces'><b><span>{}</span></b></div>",
        "<table><tr><td style='white-space:pre'>{}</td></tr></table>",
        "<style>.m{white-space:pre-wrap}</style><div class='a m'><p>{}</p></div>",
        "<style>#text, td .m{white-space:pre-line}</style><div class=m>{}</div>",
        "<div style='white-space-collapse:preserve-breaks'>{}</div>",
        "<div style='white-space: preserve nowrap'>{}</div>",
        "<div style='white-space: nowrap preserve'>{}</div>",
        "<textarea>{}</textarea>",
        "<pre>{}</pre>",
    ],
)
def test_line_ends_that_a_style_keeps_are_kept(page: str) -> None:
    assert to_text(page.replace("{}", LINES)).text == LINES


@pytest.mark.parametrize(
    "page",
    [
        "<div>{}</div>",
        "<div style='white-space:nowrap'>{}</div>",
        "<div style='white-space:pre-wrap'><p style='white-space:normal'>{}</p></div>",
        "<pre style='white-space:normal'>{}</pre>",
        "<body style='-webkit-line-break: after-white-space'>{}</body>",
    ],
)
def test_other_line_ends_are_white_space(page: str) -> None:
    assert to_text(page.replace("{}", LINES)).text == LINES.replace("\n\n", "\n").replace("\n", " ")


def test_line_ends_between_elements_are_the_layout_of_the_source() -> None:
    page = "<div style='white-space:pre-wrap'>\n  <div>One</div>\n  <div>Two<br>\nThree</div>\n</div>"
    assert to_text(page).text == "One\nTwo\nThree"


def test_a_style_sheet_made_to_be_slow_is_read_in_time() -> None:
    sheet = "@media screen{" * 5_000 + ".a,.b{color:#fff;background:" * 5_000 + "}" * 9_000
    page = f"<style>{sheet}</style>" + "<p style='color:#fff'>-</p>" * 30_000
    started = time.process_time()
    to_text(page)
    assert time.process_time() - started < 5

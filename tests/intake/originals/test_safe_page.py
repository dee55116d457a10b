"""A mail's HTML made safe: what acts, loads or covers is gone, what people wrote and laid out is there."""

import pytest

from llm_assets.intake.originals.safe_html import MAX_PAGE, MAX_STYLES, SafePage, safe_page
from llm_assets.intake.scans import Shown

LOGO = Shown("image/png", b"\x89PNG")


def safe(source: str) -> SafePage:
    return safe_page(source, {"logo@shop": LOGO}.get)


ACTING = {
    "script": "<script>alert(1)</script>",
    "script in capitals": "<SCRIPT SRC=//x.example/a.js></SCRIPT>",
    "broken script": "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "handler": "<p onclick=alert(1) ONMOUSEOVER='alert(2)'>words</p>",
    "link": "<a href='https://x.example' target=_top>words</a>",
    "javascript link": "<a href='java\tscript:alert(1)'>words</a>",
    "form": "<form action=/decide><input name=a><button formaction=/decide>b</button></form>",
    "frame": "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "object": "<object data=//x.example></object><embed src=//x.example>",
    "drawing": "<svg><a xlink:href='javascript:alert(1)'><text>a</text></a><animate attributeName=href values=x></svg>",
    "mathematics": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "refresh": "<meta http-equiv=refresh content='0;url=//x.example'><base href=//x.example>",
    "sheet": "<style>@import '//x.example/a.css'</style><link rel=stylesheet href=//x.example/a.css>",
    "ground": "<table background=//x.example/a.png><td background=//x.example/b.png>words</table>",
    "style that loads": "<p style='background:url(//x.example/a.png);list-style:url(//x.example)'>words</p>",
    "style with an escape": "<p style='background-color:u\\72l(//x.example)'>words</p>",
    "style that covers": "<p style='position:fixed;inset:0;z-index:9;opacity:0'>words</p>",
    "style that moves away": "<p style='margin-left:-9999px'>words</p>",
    "picture elsewhere": "<img src=//x.example/a.gif srcset='//x.example/b.gif 2x'>",
    "picture of another kind": "<img src='data:text/html,<script>alert(1)</script>'>",
    "page of ours": "<img src=/decide?kind=approve>",
    "name of ours": "<p id=answer class=choice data-act=confirm name=case>words</p>",
    "comment": "<!--[if IE]><script>alert(1)</script><![endif]--><p>words</p>",
}
FORBIDDEN = (
    "<script", "<iframe", "<form", "<input", "<button", "<svg", "<math", "<style", "<link", "<meta", "<base", "<object",
    "<embed", "onclick", "onmouseover", "onerror", "href", "target", "x.example", "url(", "position", "opacity", "9999",
    "data:text", "/decide", "id=", "class=", "data-act", "<!--",
)  # fmt: skip


@pytest.mark.parametrize("source", ACTING.values(), ids=ACTING)
def test_nothing_acts_loads_or_covers(source: str) -> None:
    html = safe(f"<p>before</p>{source}<p>after</p>").html.lower()
    assert [word for word in FORBIDDEN if word in html] == []
    assert "before" in html


def test_words_layout_and_the_mails_own_pictures_stay() -> None:
    page = safe(
        "<table border=1><tr><td colspan=2 bgcolor='#eee' style='color:red; COLOR : blue!important'>Заказ <b>4471</b></td></tr>"
        "</table><img src=cid:logo@shop alt=logo width=40><img src=cid:none@shop alt=missing><img src=http://x.example/1>"
        "<img src=http://x.example/2>"
    )
    assert (
        '<td colspan="2" bgcolor="#eee" style="color: red; color: blue">Заказ <b>4471</b></td>' in page.html
    )
    assert page.styles == ("color: red; color: blue",), "what the policy of its address allows, and no more"
    assert 'src="data:image/png;base64,' in page.html and '<img alt="missing">' in page.html
    assert (page.left_out, page.cut) == (2, False)


def test_a_page_is_bounded_in_length_depth_and_styles() -> None:
    assert safe("<p>word</p>" * MAX_PAGE).cut
    deep = safe("<div>" * 100_000 + "words")
    assert (deep.html, deep.cut) == ("", True), "200,000 of them would take a minute"
    many = safe("".join(f"<p style='width:{n}px'>w</p>" for n in range(3 * MAX_STYLES)))
    assert len(many.styles) == MAX_STYLES and many.html.count("style=") == MAX_STYLES
    assert many.html.count("<p") == 3 * MAX_STYLES

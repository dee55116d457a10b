"""Word documents give what a reader sees: changes accepted, form fields filled in, ticks as ticks."""

import pytest

from llm_assets.intake.read import read_bytes
from tests.support.mail.written_mail import zipped

NAMES = (
    "xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main' "
    "xmlns:w14='http://schemas.microsoft.com/office/word/2010/wordml' "
    "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'"
)


def run(text: str, properties: str = "") -> str:
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r>"


def shown(*paragraphs: str, **parts: str) -> str:
    body = "".join(f"<w:p>{p}</w:p>" for p in paragraphs)
    members = {"word/document.xml": f"<w:document {NAMES}><w:body>{body}</w:body></w:document>".encode()}
    members |= {f"word/{name}.xml": f"<w:x {NAMES}>{text}</w:x>".encode() for name, text in parts.items()}
    (message,) = read_bytes(zipped(members), path="form.docx", ocr=False)
    return message.attachments[0].text


def form_field(data: str, code: str, result: str = "") -> str:
    return (
        f"<w:r><w:fldChar w:fldCharType='begin'><w:ffData>{data}</w:ffData></w:fldChar></w:r>"
        f"<w:r><w:instrText> {code} </w:instrText></w:r><w:r><w:fldChar w:fldCharType='separate'/></w:r>"
        f"{result}<w:r><w:fldChar w:fldCharType='end'/></w:r>"
    )


def symbol(font: str, char: str) -> str:
    return f"<w:r><w:sym w:font='{font}' w:char='{char}'/></w:r>"


def control(properties: str, content: str = "") -> str:
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


BOX = "<w14:checkbox><w14:checked w14:val='{}'/></w14:checkbox>"


@pytest.mark.parametrize(
    ("mark", "sign"),
    [
        (form_field("<w:checkBox><w:sizeAuto/><w:checked/></w:checkBox>", "FORMCHECKBOX"), "☒"),
        (form_field("<w:checkBox><w:default w:val='0'/><w:checked w:val='1'/></w:checkBox>", "FORMCHECKBOX"), "☒"),
        (form_field("<w:checkBox><w:default w:val='1'/></w:checkBox>", "FORMCHECKBOX"), "☒"),
        (form_field("<w:checkBox><w:default w:val='1'/><w:checked w:val='0'/></w:checkBox>", "FORMCHECKBOX"), "☐"),
        (form_field("<w:checkBox><w:default w:val='false'/></w:checkBox>", "FORMCHECKBOX"), "☐"),
        (symbol("Wingdings", "F0FE"), "☑"),
        (symbol("wingdings", "00FD"), "☒"),
        (symbol("Wingdings", "F0A8"), "☐"),
        (symbol("Wingdings", "F0FC"), "✓"),
        (symbol("Wingdings 2", "F052"), "☑"),
        (symbol("Wingdings 2", "F054"), "☒"),
        (symbol("Wingdings 2", "00A3"), "☐"),
        (symbol("Segoe UI Symbol", "2612"), "☒"),
        (symbol("MS Gothic", "2610"), "☐"),
        (run("\u00fe", "<w:rFonts w:ascii='Wingdings' w:hAnsi='Wingdings'/>"), "☑"),
        (run("\u00a8", "<w:rFonts w:ascii='Wingdings'/>"), "☐"),
        (run("\uf0fe"), "☑"),
        (control(BOX.format(1), run("☒")), "☒"),
        (control(BOX.format(0), run("☐")), "☐"),
        (control(BOX.format(1)), "☒"),
        (control(BOX.format("true"), run("\u00a0")), "☒"),
        (control(BOX.format(0)), "☐"),
        (control(BOX.format(1), symbol("Wingdings", "F0FE")), "☑"),
    ],
)  # fmt: skip
def test_a_box_shows_whether_it_is_ticked(mark: str, sign: str) -> None:
    assert shown(mark + run(" by post"), run("end")).split() == [sign, "by", "post", "end"]


DROPDOWN = "<w:ddList>{}<w:listEntry w:val='Astana'/><w:listEntry w:val='Shymkent'/></w:ddList>"
LIST = "<w:dropDownList w:lastValue='2'><w:listItem w:displayText='Astana' w:value='1'/><w:listItem w:displayText='Shymkent' w:value='2'/></w:dropDownList>"


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (form_field(DROPDOWN.format("<w:result w:val='1'/><w:default w:val='0'/>"), "FORMDROPDOWN"), "Shymkent"),
        (form_field(DROPDOWN.format("<w:default w:val='1'/>"), "FORMDROPDOWN"), "Shymkent"),
        (form_field(DROPDOWN.format(""), "FORMDROPDOWN"), "Astana"),
        (form_field(DROPDOWN.format("<w:result w:val='1'/>"), "FORMDROPDOWN", run("Shymkent")), "Shymkent"),
        (form_field(DROPDOWN.format("<w:result w:val='9'/>"), "FORMDROPDOWN"), ""),
        (form_field("<w:textInput><w:default w:val='7'/></w:textInput>", "FORMTEXT", run("Aliya")), "Aliya"),
        (form_field("<w:textInput><w:default w:val='Aliya'/></w:textInput>", "FORMTEXT"), "Aliya"),
        (control(LIST, run("Shymkent")), "Shymkent"),
        (control(LIST), "Shymkent"),
        (control("<w:date w:fullDate='2026-12-01T00:00:00Z'/>", run("1 December 2026")), "1 December 2026"),
        (control("<w:date w:fullDate='2026-12-01T00:00:00Z'/>"), "2026-12-01"),
    ],
)  # fmt: skip
def test_a_choice_is_shown_once(choice: str, text: str) -> None:
    assert shown(run("City: ") + choice) == f"City: {text}".strip()


def test_deleted_words_are_gone_and_inserted_ones_are_there() -> None:
    gone = f"<w:del>{run('not ')}<w:r><w:delText>never</w:delText></w:r></w:del>"
    assert shown(run("We do ") + gone + f"<w:ins>{run('agree')}</w:ins>") == "We do agree"


def test_a_deleted_paragraph_mark_joins_what_it_parted() -> None:
    mark = "<w:pPr><w:rPr><w:del w:id='1'/></w:rPr></w:pPr>"
    assert shown(mark + run("one "), run("line"), run("two")) == "one line\ntwo"


def test_moved_words_are_there_once() -> None:
    moved = f"<w:moveFrom>{run('clause nine')}</w:moveFrom>"
    assert shown(run("first ") + moved, f"<w:moveTo>{run('clause nine')}</w:moveTo>") == "first\nclause nine"


def test_moved_words_that_arrive_nowhere_stay() -> None:
    moved = f"<w:moveFrom>{run('clause nine')}</w:moveFrom>"
    assert shown(run("a "), moved, run(" b")) == "a\nclause nine\n b"


def test_a_text_box_is_read_once() -> None:
    box = f"<w:txbxContent><w:p>{run('Paid')}</w:p></w:txbxContent>"
    both = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    assert shown(f"<w:r>{both}</w:r>").split() == ["Paid"]


def test_margins_notes_and_comments_are_there() -> None:
    parts = {
        name: f"<w:p>{run(name)}</w:p>"
        for name in ("header1", "footer2", "footnotes", "endnotes", "comments")
    }
    assert shown(run("body"), **parts).split() == [
        "header1",
        "body",
        "footnotes",
        "endnotes",
        "comments",
        "footer2",
    ]


def test_ordinary_words_stay_as_they_are() -> None:
    text = "þorn, 20 °C, ¨ and § in Arial; ☐ not ☑"
    assert shown(run(text, "<w:rFonts w:ascii='Arial'/>")) == text


def test_controls_inside_controls_are_read_in_time() -> None:
    deep = (
        f"<w:sdt><w:sdtPr>{BOX.format(1)}</w:sdtPr><w:sdtContent>" * 20_000
        + "</w:sdtContent></w:sdt>" * 20_000
    )
    assert "☒" in shown(deep)


PAGE = "<html><body><p>Счёт <b>5567</b> из страницы</p></body></html>"
CHUNK = (
    "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'><Relationship Id='c1' Target='{}' "
    "Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/aFChunk'/></Relationships>"
)


@pytest.mark.parametrize(
    ("target", "name", "content", "text"),
    [
        ("c.htm", "word/c.htm", PAGE, "Счёт 5567 из страницы"),
        ("/afchunk.mht", "afchunk.mht", f"MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n{PAGE}", "Счёт 5567 из страницы"),
        ("c.rtf", "word/c.rtf", r"{\rtf1\ansi Account 5567\par}", "Account 5567"),
        ("c.txt", "word/c.txt", "Счёт 5567", "Счёт 5567"),
    ],
)  # fmt: skip
def test_pages_and_texts_put_into_a_document_are_read(
    target: str, name: str, content: str, text: str
) -> None:
    body = f"<w:document {NAMES}><w:body><w:p>{run('Before')}</w:p><w:altChunk/></w:body></w:document>"
    members = {
        "word/document.xml": body.encode(),
        "word/_rels/document.xml.rels": CHUNK.format(target).encode(),
        name: content.encode(),
        "word/unrelated.htm": b"<p>left over</p>",
    }
    (message,) = read_bytes(zipped(members), path="form.docx", ocr=False)
    assert message.attachments[0].text == f"Before\n\n{text}"

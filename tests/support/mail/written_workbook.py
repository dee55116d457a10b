"""A workbook written by hand: text in shared and inline strings, numbers, dates by their style, cells left out."""

from collections.abc import Sequence
from datetime import date
from xml.sax.saxutils import escape

from tests.support.mail.written_mail import zipped

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_STYLES = (
    f'<styleSheet {_MAIN}><numFmts><numFmt numFmtId="170" formatCode="dd\\.mm\\.yyyy\\ hh:mm"/>'
    '<numFmt numFmtId="171" formatCode="000000"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/><xf numFmtId="171"/><xf numFmtId="9"/></cellXfs></styleSheet>'
)
Cell = str | float | date | None
SIX_DIGITS, PERCENT = 2, 3
"""Styles of numbers."""


class Styled(float):
    """A number in a style of these."""

    style = 0


def styled(value: float, style: int) -> Styled:
    number = Styled(value)
    number.style = style
    return number


def workbook(*sheets: Sequence[Sequence[Cell]]) -> bytes:
    """Empty cells and None are not written at all, as Excel does."""
    texts = [value for sheet in sheets for row in sheet for value in row if isinstance(value, str) and value]
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in texts)
    position = iter(range(len(texts)))
    members = {
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.xml": f"<workbook {_MAIN}><sheets/></workbook>".encode(),
        "xl/styles.xml": _STYLES.encode(),
        "xl/sharedStrings.xml": f"<sst {_MAIN}>{shared}</sst>".encode(),
    }
    for number, sheet in enumerate(sheets, start=1):
        rows = []
        for line, row in enumerate(sheet, start=1):
            cells = []
            for column, value in enumerate(row):
                place = f'r="{chr(65 + column)}{line}"'
                if isinstance(value, str) and value:
                    cells.append(f'<c {place} t="s"><v>{next(position)}</v></c>')
                elif isinstance(value, date):
                    cells.append(f'<c {place} s="1"><v>{(value - date(1899, 12, 30)).days + 0.5}</v></c>')
                elif isinstance(value, float | int):
                    style = f' s="{value.style}"' if isinstance(value, Styled) else ""
                    cells.append(f"<c {place}{style}><v>{value}</v></c>")
            rows.append(f'<row r="{line}">{"".join(cells)}</row>')
        content = f"<worksheet {_MAIN}><sheetData>{''.join(rows)}</sheetData></worksheet>"
        members[f"xl/worksheets/sheet{number}.xml"] = content.encode()
    return zipped(members)

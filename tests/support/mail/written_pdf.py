"""PDF files of one page for the tests of the reader, written object by object so that every oddity can be there."""

import io
import zlib

from PIL import Image, ImageDraw, ImageFont

HELVETICA = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
NAMELESS = (
    b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding<</Differences[32"
    + b"".join(b"/g%d" % n for n in range(200))
    + b"]>>>>"
)
"""A font that does not say which letters its glyphs are."""


def page(
    content: str | bytes = b"",
    *,
    font: bytes = HELVETICA,
    annotations: tuple[bytes, ...] = (),
    xobjects: dict[str, bytes] | None = None,
    catalog: bytes = b"",
    more: tuple[bytes, ...] = (),
) -> bytes:
    """`annotations` are dictionaries; those of a subtype Widget are the fields of the form. `more` are objects that
    `catalog` or an annotation names, from number 10 on; `xobjects` are whole stream objects."""
    drawn = content.encode("cp1252") if isinstance(content, str) else content
    first_annotation = 10 + len(more)
    first_image = first_annotation + len(annotations)
    images = list((xobjects or {}).items())
    places = b"".join(b"%d 0 R " % n for n in range(first_annotation, first_image))
    fields = b"".join(b"%d 0 R " % n for n, a in enumerate(annotations, first_annotation) if b"/Widget" in a)
    shown = b"".join(b"/%s %d 0 R" % (name.encode(), n) for n, (name, _) in enumerate(images, first_image))
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%s]/DA(/F1 0 Tf)/DR<</Font<</F1 5 0 R>>>>%s>>>>"
        % (fields, catalog)
        if b"/XFA" in catalog or fields
        else b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Annots[%s]"
        b"/Resources<</Font<</F1 5 0 R>>/XObject<<%s>>>>>>" % (places, shown),
        4: stream(drawn),
        5: font,
    }
    objects |= dict(enumerate(more, 10))
    objects |= dict(enumerate(annotations, first_annotation))
    objects |= {n: image for n, (_, image) in enumerate(images, first_image)}
    return written(objects)


def written(objects: dict[int, bytes]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    rows = {0: b"0000000000 65535 f \n"}
    for number, item in objects.items():
        rows[number] = b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj" % number + item + b"\nendobj\n"
    start = len(out)
    out += b"xref\n" + b"".join(b"%d 1\n%s" % (number, row) for number, row in rows.items())
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (max(objects) + 1, start)
    return bytes(out)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (entries, len(content), content)


def words(text: str, at: tuple[int, int] = (50, 700)) -> str:
    return f"BT /F1 12 Tf {at[0]} {at[1]} Td ({text}) Tj ET "


def field(name: str, entries: str, *, label: str = "") -> bytes:
    shown = f"/TU({label})" if label else ""
    text = f"<</Type/Annot/Subtype/Widget/Rect[50 600 300 620]/T({name}){shown}{entries}>>"
    return text.encode("utf-8")


def note(kind: str, contents: str, entries: str = "") -> bytes:
    coded = b"\xfe\xff" + contents.encode("utf-16-be")
    head = f"<</Type/Annot/Subtype/{kind}/Rect[50 500 300 520]{entries}/Contents<".encode()
    return head + coded.hex().encode() + b">>>"


def print_of(lines: str) -> Image.Image:
    """Black print on white, as a scanner gives it."""
    image = Image.new("L", (1200, 500), "white")
    font = ImageFont.load_default(size=48)
    ImageDraw.Draw(image).multiline_text((40, 40), lines, fill="black", font=font, spacing=24)
    return image


def scanned(lines: str, over: str = "") -> bytes:
    """A page that is one picture, with words of a text layer over it."""
    image = print_of(lines)
    entries = b"/Type/XObject/Subtype/Image/Width 1200/Height 500/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode"
    content = f"q 612 0 0 500 0 200 cm /Im1 Do Q {over}"
    return page(content, xobjects={"Im1": stream(zlib.compress(image.tobytes()), entries)})


def drawn(lines: str) -> bytes:
    """A page whose words are filled shapes: each run of dark points of the print is a rectangle."""
    image = print_of(lines).resize((600, 250)).point(lambda value: 255 if value > 128 else 0)
    boxes = io.StringIO()
    points = image.tobytes()
    for row in range(250):
        at = 0
        while at < 600:
            end = at
            while end < 600 and points[row * 600 + end] == 0:
                end += 1
            if end > at:
                boxes.write(f"{at} {700 - row} {end - at} 1 re f ")
            at = end + 1
    return page(boxes.getvalue())

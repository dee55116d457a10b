"""`python -m tests.bench.checking`: a file of ten pages checked as `POST /v1/check` does it, one JSON object per scenario.

`text` has a text layer, `scan` is ten full pages of print as pictures. The first check of a scenario starts its readers.
"""

import io
import json
import resource
import sys
import time
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from llm_assets.usecases.answers.check_file import Upload, facts_of
from llm_assets.usecases.answers.findings import checked_pages, findings_of, type_of
from llm_assets.usecases.answers.readers import Readers

PAGES = 10
READERS = 2
_LINE = "The parties agree that office paper and stationery are delivered to the buyer each month"


def main(arguments: Sequence[str]) -> int:
    for scenario in arguments or ("text", "scan"):
        before = _children_cpu()
        readers = Readers(READERS)
        upload = Upload(file_of(scenario == "scan"), "a.pdf")
        for turn in ("first", "again"):
            began = time.monotonic()
            facts = facts_of(readers, upload)
            wall = time.monotonic() - began
            found = {
                "scenario": f"check-{PAGES}-{scenario}-{turn}",
                "wall_s": round(wall, 2),
                "pages_checked": checked_pages(facts),
                "document_type": type_of(facts),
                "findings": len(findings_of(facts, type_of(facts), None)),
            }
            print(json.dumps(found), flush=True)
        readers.close()
        print(
            json.dumps({"scenario": f"check-{PAGES}-{scenario}", "cpu_s": round(_children_cpu() - before, 2)})
        )
    return 0


def file_of(is_scan: bool) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(595, 842))
    for number in range(1, PAGES + 1):
        lines = ["Supply contract No 15", *[_LINE] * 38, f"Page {number} of {PAGES}"]
        if is_scan:
            canvas.drawImage(ImageReader(scanned(lines)), 0, 0, 595, 842)
        else:
            text = canvas.beginText(50, 800)
            text.setLeading(19)
            text.textLines("\n".join(lines))
            canvas.drawText(text)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def scanned(lines: Sequence[str]) -> Image.Image:
    """A page of A4 at 200 dpi."""
    image = Image.new("L", (1654, 2339), 235)
    font = ImageFont.load_default(size=30)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((110, 100 + 54 * number), line, fill=40, font=font)
    return image


def _children_cpu() -> float:
    """Of the readers that have ended, with their programs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

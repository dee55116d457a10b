"""A mail that tries everything a browser could do for it, with files whose names and types lie."""

import io
from urllib.parse import quote

from PIL import Image

from tests.support.mail.written_mail import mail, part, pdf

PIXEL = io.BytesIO()
Image.new("RGB", (40, 20), "green").save(PIXEL, "PNG")
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>top.document.title="taken"</script></svg>'
ACTING = b"<!doctype html><script>top.document.title='taken'</script>"
INVOICE = "Invoice 4471 of 20.11.2026"


def page(elsewhere: str) -> str:
    """`elsewhere` is an address that must not be asked for anything."""
    return f"""<html><head><meta http-equiv="refresh" content="0;url={elsewhere}/refreshed">
<base href="{elsewhere}/base/"><link rel="stylesheet" href="{elsewhere}/sheet.css">
<style>@import url("{elsewhere}/imported.css"); body {{ background: url("{elsewhere}/ground.png") }}</style></head>
<body onload="top.document.title='taken'" background="{elsewhere}/body.png">
<h1 style="color: rgb(1, 100, 1); position: fixed; background: url({elsewhere}/style.png)">Where is my order?</h1>
<img src="cid:logo@shop" alt="logo"><img src="{elsewhere}/pixel.gif" alt="seen">
<img src=x onerror="top.document.title='taken'"><script>top.document.title="taken"</script>
<svg onload="top.document.title='taken'"><script>1</script></svg>
<a id="out" href="{elsewhere}/linked" target="_top">Track it</a> <a href="javascript:top.document.title='taken'">or here</a>
<form action="/decide" method="post"><input name="kind" value="approve"><button id="press">Confirm</button></form>
<iframe src="{elsewhere}/framed"></iframe><object data="{elsewhere}/object"></object><video src="{elsewhere}/video"></video>
<table background="{elsewhere}/table.png"><tr><td>4471</td></tr></table></body></html>"""


def acting_mail(elsewhere: str, number: int, to: str, **head: str) -> bytes:
    alternatives = _joined(
        "alternative",
        "inner",
        part("Where is my order 4471?"),
        part(page(elsewhere), "text/html; charset=utf-8"),
    )
    files = [
        _file(ACTING, "text/html", "report.html"),
        _file(DRAWING, "image/svg+xml", "drawing.svg"),
        _file(pdf(INVOICE), "application/pdf", "../../etc/счёт \u202efdp.exe"),
        _file(b"MZ" + b"\0" * 60, "image/png", "photo.png"),
        part(
            PIXEL.getvalue(),
            "image/png; name=logo.png",
            "Content-ID: <logo@shop>",
            "Content-Disposition: inline",
        ),
    ]
    body = _joined("mixed", "outer", alternatives, *files)
    kind, _, content = body.partition(b"\r\n\r\n")
    return mail(
        content,
        to=to,
        message_id=f"<acting{number}@post.example>",
        content_type=kind.decode().removeprefix("Content-Type: "),
        **head,
    )


def _joined(kind: str, boundary: str, *parts: bytes) -> bytes:
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    each = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), one) for one in parts)
    return head + each + b"--%s--\r\n" % boundary.encode()


def _file(data: bytes, kind: str, name: str) -> bytes:
    return part(data, kind, f"Content-Disposition: attachment; filename*=UTF-8''{quote(name, safe='')}")

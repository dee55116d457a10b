"""Pictures and PDF files in a request: the checks of each API, and how many pages are billed.

Their content is not read: the rules answer from the text of the request. Sizes in pixels are not checked.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any

from llm_assets.emulator.errors import ApiError

IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PDF = "application/pdf"
LARGEST_ANTHROPIC = 5_242_880
"""Characters of a picture in base64."""
LARGEST_OPENAI = 20_000_000
"""Bytes of a picture before base64."""
MOST_PAGES = 600
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_DATA_URL = re.compile(r"data:([^;,]*);base64,", re.ASCII)
_CHAT = frozenset({"text", "image_url", "file", "input_audio", "refusal"})
_RESPONSE = frozenset({"input_text", "input_image", "input_file", "output_text", "refusal"})
_COSTLY = frozenset({"image", "document", "image_url", "file", "input_image", "input_file"})


def check_anthropic(block: dict[str, Any], where: str) -> None:
    """Checks an image or document block. Raises ApiError 400."""
    kind, source = block["type"], block.get("source")
    if not isinstance(source, dict):
        raise ApiError(400, f"{where}.source: Field required")
    if source.get("type") != "base64":
        return
    at = f"{where}.{kind}.source.base64"
    allowed = IMAGE_TYPES if kind == "image" else {PDF}
    declared = source.get("media_type")
    if declared not in allowed:
        raise ApiError(400, f"{at}.media_type: Input should be one of {sorted(allowed)}")
    text = source.get("data")
    if not isinstance(text, str):
        raise ApiError(400, f"{at}.data: Field required")
    if kind == "image" and len(text) > LARGEST_ANTHROPIC:
        raise ApiError(
            400, f"{at}: image exceeds 5 MB maximum: {len(text)} bytes > {LARGEST_ANTHROPIC} bytes"
        )
    data = _decoded(text)
    if data is None:
        raise ApiError(400, f"{at}: invalid base64 data")
    found = type_of(data)
    if kind == "document":
        _check_pdf(data)
    elif found not in IMAGE_TYPES:
        raise ApiError(400, "Could not process image")
    elif found != declared:
        raise ApiError(400, f"{at}: the image is declared as {declared}, but appears to be {found}")


def _check_pdf(data: bytes) -> None:
    if type_of(data) != PDF:
        raise ApiError(400, "The PDF specified was not valid.")
    if pages_of(data) > MOST_PAGES:
        raise ApiError(400, f"A maximum of {MOST_PAGES} PDF pages may be provided.")


def check_openai(part: Any, where: str, *, responses: bool) -> None:
    """Checks one part of a message's content. Raises ApiError 400."""
    known = _RESPONSE if responses else _CHAT
    if part.get("type") not in known:
        raise _refused(
            f"Invalid value: '{where}.type'. Supported values are: {sorted(known)}.", f"{where}.type"
        )
    match part["type"]:
        case "image_url":
            given = part.get("image_url")
            _check_picture(given.get("url") if isinstance(given, dict) else None, f"{where}.image_url.url")
        case "input_image" if part.get("file_id") is None:
            _check_picture(part.get("image_url"), f"{where}.image_url")
        case "file":
            _check_file(part.get("file"), f"{where}.file")
        case "input_file" if part.get("file_url") is None:
            _check_file(part, where)
        case _:
            return


def _check_picture(url: Any, where: str) -> None:
    if not isinstance(url, str):
        raise _missing(where)
    if url.startswith(("https://", "http://")):
        return
    declared, text = _split(url, where)
    data = _decoded(text)
    if data is None:
        raise _refused("Invalid base64 image_url.", where, "invalid_base64")
    if declared not in IMAGE_TYPES or type_of(data) not in IMAGE_TYPES or len(data) > LARGEST_OPENAI:
        raise _refused(
            "You uploaded an unsupported image: it must be below 20 MB and of one of the formats png, jpeg, gif, webp.",
            where,
            "invalid_image_format",
        )


def _check_file(file: Any, where: str) -> None:
    if not isinstance(file, dict):
        raise _missing(where)
    if file.get("file_id") is not None:
        return
    for name in ("file_data", "filename"):
        if not isinstance(file.get(name), str):
            raise _missing(f"{where}.{name}")
    declared, text = _split(file["file_data"], f"{where}.file_data")
    data = _decoded(text)
    if declared != PDF or data is None or type_of(data) != PDF:
        raise _refused("Invalid file data: expected a base64-encoded PDF.", f"{where}.file_data")


def check_gemini(part: Any, where: str) -> None:
    """Checks the inline data of a part. Raises ApiError 400."""
    given = part["inlineData"]
    if not isinstance(given, dict) or not isinstance(given.get("data"), str):
        raise ApiError(400, f"Invalid value at '{where}.inline_data'.")
    declared, data = given.get("mimeType"), _decoded(given["data"])
    if declared not in (*IMAGE_TYPES, PDF):
        raise ApiError(400, f"Unsupported MIME type: {declared}")
    if data is None:
        raise ApiError(
            400, f"Invalid value at '{where}.inline_data.data' (TYPE_BYTES), Base64 decoding failed."
        )
    if type_of(data) is None:
        raise ApiError(400, "Unable to process input image. Please retry or report in the usual place.")


def _split(url: str, where: str) -> tuple[str, str]:
    """The media type and the base64 text of a data URL."""
    head = _DATA_URL.match(url)
    if head is None:
        message = f"Invalid '{where}'. Expected a valid URL, but got a value with an invalid format."
        raise _refused(message, where)
    return head[1], url[head.end() :]


def pages_in(block: dict[str, Any]) -> int:
    """Pages that are billed for a checked block or part; a file given by URL or id counts as one."""
    match block.get("type"):
        case "document" if block["source"].get("type") == "base64":
            return pages_of(_decoded(block["source"]["data"]) or b"")
        case "file" if "file_data" in block["file"]:
            return pages_of(_decoded(_split(block["file"]["file_data"], "")[1]) or b"")
        case "input_file" if "file_data" in block:
            return pages_of(_decoded(_split(block["file_data"], "")[1]) or b"")
        case None if "inlineData" in block:
            data = _decoded(block["inlineData"]["data"]) or b""
            return pages_of(data) if block["inlineData"]["mimeType"] == PDF else 1
        case kind:
            return int(kind in _COSTLY)


def pages_of(pdf: bytes) -> int:
    """Page objects in the uncompressed part of the file, at least 1; newer files compress their page objects."""
    return max(1, len(_PAGE.findall(pdf)))


def type_of(data: bytes) -> str | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return PDF if b"%PDF-" in data[:1024] else None


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True) or None
    except (Base64Error, ValueError):
        return None


def _missing(where: str) -> ApiError:
    return _refused(f"Missing required parameter: '{where}'.", where, "missing_required_parameter")


def _refused(message: str, where: str, code: str = "invalid_value") -> ApiError:
    return ApiError(400, message, type="invalid_request_error", param=where, code=code)

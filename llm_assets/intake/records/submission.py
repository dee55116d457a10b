"""A web form as it is posted: the bytes of a request's body to named fields and files. No HTTP, no storing here.

Nothing in an error quotes what was posted: it goes back to the sender, but also into logs on the way.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from pathlib import PureWindowsPath
from urllib.parse import parse_qsl

from llm_assets.intake.records.entry import StoredFile
from llm_assets.intake.records.nested import flat, unbracketed

MAX_FIELDS = 200
MAX_FILES = 20
MAX_FIELD_BYTES = 1_000_000
MAX_HEAD_BYTES = 8_000
"""Of the head of a part of a multipart form."""
MAX_NAME = 200
MAX_BOUNDARY = 200
_FILES = "files"
_TOO_MANY = f"A form may have {MAX_FIELDS} fields and {MAX_FILES} files; send what is more in another one."
_FILE_KEYS = frozenset({"filename", "content", "content_type"})


@dataclass(frozen=True, slots=True)
class Submission:
    fields: Mapping[str, str]
    files: tuple[StoredFile, ...] = field(default=())


class SubmissionError(Exception):
    """The body cannot be used; the text is one sentence with the cure."""


class UnknownContentTypeError(SubmissionError):
    """Nobody here reads this content type."""


def read_submission(body: bytes, content_type: str) -> Submission:
    """Fields and files of a posted form. Raises SubmissionError."""
    header = Message()
    header["Content-Type"] = content_type.encode("ascii", "replace").decode()
    readers: Mapping[str, Callable[[bytes, Message], Submission]] = {
        "application/json": _json,
        "application/x-www-form-urlencoded": _urlencoded,
        "multipart/form-data": _multipart,
    }
    reader = readers.get(header.get_content_type()) if content_type else None
    if reader is None:
        raise UnknownContentTypeError(
            f"The content type is not one of {', '.join(readers)}; send one of these."
        )
    found = reader(body, header)
    if len(found.fields) > MAX_FIELDS or len(found.files) > MAX_FILES:
        raise SubmissionError(_TOO_MANY)
    if any(len(value) > MAX_FIELD_BYTES or len(name) > MAX_NAME for name, value in found.fields.items()):
        raise SubmissionError(
            f"A field has a name of over {MAX_NAME} or a value of over {MAX_FIELD_BYTES} characters; send the text as a "
            "file."
        )
    if not any(value.strip() for value in found.fields.values()) and not found.files:
        raise SubmissionError("The form is empty; fill in at least one field.")
    return found


def _json(body: bytes, _: Message) -> Submission:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise SubmissionError("The body is not a JSON object in UTF-8; send one with a key for each field.")
    files = content.pop(_FILES, [])
    if not isinstance(files, list):
        raise SubmissionError(_FILES_SHAPE)
    return Submission(flat(content), tuple(map(_json_file, files)))


_FILES_SHAPE = (
    '`files` is not a list of {"filename", "content_type", "content"} with the content in Base64; send it so.'
)


def _json_file(given: object) -> StoredFile:
    if not isinstance(given, dict) or not given.keys() <= _FILE_KEYS or "content" not in given:
        raise SubmissionError(_FILES_SHAPE)
    if not all(isinstance(value, str) for value in given.values()):
        raise SubmissionError(_FILES_SHAPE)
    try:
        content = base64.b64decode(given["content"], validate=True)
    except (binascii.Error, ValueError) as err:
        raise SubmissionError(_FILES_SHAPE) from err
    return _file(given.get("filename", ""), given.get("content_type", ""), content)


def _urlencoded(body: bytes, header: Message) -> Submission:
    encoding = header.get_param("charset", "utf-8")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding=str(encoding),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except (ValueError, LookupError) as err:
        raise SubmissionError(
            "The body is not a URL-encoded form of at most "
            f"{MAX_FIELDS} fields in the charset it names (UTF-8 by default); encode it so."
        ) from err
    return Submission(flat(unbracketed(pairs)))


def _multipart(body: bytes, header: Message) -> Submission:
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not 0 < len(boundary) <= MAX_BOUNDARY:
        raise SubmissionError(
            "The multipart form names no boundary, or a long one; send the one that its parts are divided by."
        )
    divider = b"\r\n--" + boundary.encode("ascii", "replace")
    most = MAX_FIELDS + MAX_FILES
    pieces = (b"\r\n" + body).split(divider, most + 2)
    if len(pieces) > most + 2:
        raise SubmissionError(_TOO_MANY)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise SubmissionError("The multipart form does not end with its boundary; send it again as a whole.")
    pairs: list[tuple[str, str]] = []
    files: list[StoredFile] = []
    for piece in pieces[1:-1]:
        head, content = _divided(piece)
        described = HeaderParser().parsestr(head.decode("utf-8", "replace"))
        name = described.get_param("name", header="content-disposition")
        filename = described.get_param("filename", header="content-disposition")
        if not isinstance(name, str) or len(name) > MAX_NAME:
            raise SubmissionError(
                f"A part of the multipart form has no name or one of over {MAX_NAME} characters; name each one."
            )
        if filename is None:
            pairs.append((name, _text_part(content, described)))
        elif content or filename:  # a file field that was left empty is sent with neither
            files.append(_file(_name_of(filename), described.get_content_type(), content))
    return Submission(flat(unbracketed(pairs)), tuple(files))


def _divided(piece: bytes) -> tuple[bytes, bytes]:
    """Head and content of a part; the head is looked for where a head may end."""
    start = len(piece[:MAX_HEAD_BYTES]) - len(piece[:MAX_HEAD_BYTES].lstrip(b" \t"))
    start += 2 if piece[start : start + 2] == b"\r\n" else 0
    end = piece.find(b"\r\n\r\n", start, start + MAX_HEAD_BYTES)
    if end >= 0:
        return piece[start:end], piece[end + 4 :]
    if len(piece) - start > MAX_HEAD_BYTES:
        raise SubmissionError(
            f"The head of a part of the multipart form has more than {MAX_HEAD_BYTES} bytes; send a shorter one."
        )
    return piece[start:], b""


def _text_part(content: bytes, described: Message) -> str:
    try:
        return content.decode(str(described.get_param("charset", "utf-8")))
    except (UnicodeDecodeError, LookupError) as err:
        raise SubmissionError(
            "A field of the multipart form is not in the charset it names (UTF-8 by default); encode it so."
        ) from err


def _name_of(filename: str | tuple[str | None, str | None, str]) -> str:
    """Browsers write a quotation mark in a name as %22; RFC 2231 gives a triple."""
    if isinstance(filename, tuple):
        return filename[2]
    return filename.replace("%22", '"')


def _file(filename: str, content_type: str, content: bytes) -> StoredFile:
    """Only the last part of a name that holds a path."""
    name = re.sub(r"[\x00-\x1f\x7f]", "", PureWindowsPath(filename).name)
    return StoredFile(
        filename=name.encode("utf-8", "replace").decode("utf-8"),
        content_type=content_type.lower() or "application/octet-stream",
        content=base64.b64encode(content).decode("ascii"),
    )

"""An mbox file as the messages in it, one at a time. Knows nothing of what is inside a message."""

import re
from collections.abc import Iterable, Iterator

_HEADER = re.compile(rb"[\w-]+:")
_ESCAPED = re.compile(rb"^>(>*From )", re.M)


def messages(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Bytes of each message without its `From ` line, `>From ` unescaped.

    A message starts at a `From ` line that is first or follows an empty one, and that a header follows.
    """
    current: list[bytes] | None = None
    candidate: bytes | None = None
    after_blank = True
    for line in lines:
        if candidate is not None:
            if _HEADER.match(line) or line.startswith((b">From ", b"From ")):
                if current is not None:
                    yield _message(current)
                current = []
            else:
                current = current if current is not None else []
                current.append(candidate)
            candidate = None
        if after_blank and line.startswith(b"From "):
            candidate = line
            continue
        after_blank = not line.strip()
        if current is None:
            current = []
        current.append(line)
    if candidate is not None:
        current = [*(current or []), candidate]
    if current is not None and any(line.strip() for line in current):
        yield _message(current)


def _message(lines: list[bytes]) -> bytes:
    data = b"".join(lines)
    if data.endswith((b"\n\n", b"\r\n\r\n")):
        data = data[:-2] if data.endswith(b"\r\n\r\n") else data[:-1]
    return _ESCAPED.sub(rb"\1", data)

"""The process that scans a source: lists a folder of strangers' files, opens them and takes drops apart.

Started by `scanning` with a clean environment, so that whatever a file or a name in the folder makes it open, there is no
key in this process. It answers with JSON and bytes only, and ends with its parent.
"""

import json
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from llm_assets.domain.errors import place_of
from llm_assets.intake.child import be_silent, end_with
from llm_assets.intake.inside import Inside
from llm_assets.intake.records.apart import Broken
from llm_assets.intake.sources import LeftOut, RawItem, scan
from llm_assets.intake.workers.scanning import BROKE, FAILED, ITEM, LEFT, OVER, SPOILT, Asked


def main(arguments: list[str]) -> None:
    descriptor, parent = int(arguments[0]), int(arguments[1])
    end_with(parent)
    with Connection(descriptor) as connection:
        asked: Asked = connection.recv()  # of our parent; nothing that is received goes the other way
        be_silent()
        connection.send_bytes(_scanned(asked, connection))


def _scanned(asked: Asked, connection: Connection) -> bytes:
    """Sends everything that is found and returns how it ended."""

    def left_out(why: LeftOut) -> None:
        connection.send_bytes(LEFT + why.encode())

    def broke(register: Broken) -> None:
        connection.send_bytes(SPOILT + json.dumps(register).encode())

    try:
        for item in scan(
            asked.root,
            source=asked.source,
            relative_to=asked.relative_to,
            rules=asked.rules,
            known=asked.known,
            left_out=left_out,
            broke=broke,
        ):
            connection.send_bytes(ITEM + _header(item))
            connection.send_bytes(item.content if isinstance(item.content, bytes) else b"")
    except BrokenPipeError:  # enough was read
        raise
    except OSError as err:
        return FAILED + json.dumps([err.errno, err.strerror]).encode()
    except Exception as err:  # noqa: BLE001 - a defect is reported by its kind and place, and without words of a file
        return BROKE + place_of(err).encode()
    return OVER


def _header(item: RawItem) -> bytes:
    """The item without its bytes: where they are instead, if they are many."""
    where: list[object] | None = None
    if isinstance(item.content, Inside):
        where = [str(item.content.root), list(item.content.names)]
    elif isinstance(item.content, Path):
        where = [str(item.content), None]
    fields = [item.place, item.kind, item.arrived_at.isoformat(), item.file, where]
    return json.dumps(fields).encode()  # unlike orjson it takes file names that are no Unicode


if __name__ == "__main__":
    main(sys.argv[1:])

"""Files of exported drafts: each is written as a whole, for its owner alone, and one that is the same already is left as it is."""

import os
import tempfile
from collections.abc import Collection
from pathlib import Path


def write_file(path: Path, data: bytes) -> Path:
    """Puts the file in place at once. It is not flushed: after a power cut the export is repeated. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.is_file() and not path.is_symlink() and path.read_bytes() == data:
        return path
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    return path


def others(folder: Path, pattern: str, names: Collection[str]) -> list[Path]:
    """Files of the folder that match the pattern and have none of the names. They are the reader's: nobody removes them."""
    return sorted(p for p in folder.glob(pattern) if p.name not in names)

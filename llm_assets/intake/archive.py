"""A zip of documents as the texts of the documents in it, one level deep and bounded in number and size."""

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath

from llm_assets.domain.document import Attachment
from llm_assets.intake.reading import Extract, Reading

MAX_MEMBERS = 30

ReadMember = Callable[[bytes, str, Reading], Attachment]


def read_archive(data: bytes, reading: Reading, read_member: ReadMember) -> Extract:
    """Texts of the members under their names. Sizes are checked before anything is unpacked."""
    flags: dict[str, None] = {"archive": None}
    texts: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as box:
            members = [i for i in box.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX/")]
            if sum(i.file_size for i in members) > reading.max_unzipped:
                return Extract(flags=("archive", "too_large"))
            if len(members) > MAX_MEMBERS:
                flags["truncated"] = None
            for member in members[:MAX_MEMBERS]:
                if member.flag_bits & 1:
                    flags["encrypted"] = None
                    continue
                found = read_member(box.read(member), PurePosixPath(member.filename).name, reading)
                flags.update(dict.fromkeys(found.flags))
                texts.append(f"[{found.filename}]\n{found.text}".strip())
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError, zlib.error):
        flags["unreadable"] = None
    return Extract("\n\n".join(texts), "office" if texts else "none", flags=tuple(flags))

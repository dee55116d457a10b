"""A zip, tar or packed file of documents as the texts of the documents in it, one level deep and bounded in number and size."""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.bytes import file_names
from llm_assets.intake.bytes.zipped import BROKEN
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
            members = members[:MAX_MEMBERS]
            for member, name in zip(members, file_names.zip_names(members), strict=True):
                if member.flag_bits & 1:
                    flags["encrypted"] = None
                    continue
                try:
                    content = box.read(member)
                except BROKEN:
                    flags["unreadable"] = None  # the others may be whole
                    continue
                found = read_member(content, _last(name), reading)
                flags.update(dict.fromkeys(found.flags))
                texts.append(f"[{found.filename}]\n{found.text}".strip())
    except BROKEN:
        flags["unreadable"] = None
    return Extract("\n\n".join(texts), "office" if texts else "none", flags=tuple(flags))


def _last(name: str) -> str:
    """Without its folders, which Windows programs separate by backslashes."""
    return re.split(r"[/\\]", name)[-1]


def read_packed(data: bytes, kind: str, filename: str, reading: Reading, read_member: ReadMember) -> Extract:
    """A tar, or one file packed by gzip, bzip2 or xz, which may be a tar. Unpacking stops at the limit."""
    try:
        if kind != "tar":
            data = _opened(data, kind).read(reading.max_unzipped // 4 + 1)
            if len(data) > reading.max_unzipped // 4:
                return Extract(flags=("archive", "too_large"))
        if data[257:262] == b"ustar":
            return _tar(data, reading, read_member)
        name = PurePosixPath(filename).stem
        found = read_member(data, name, reading)
        return Extract(f"[{name}]\n{found.text}".strip(), "office", flags=("archive", *found.flags))
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, tarfile.TarError):
        return Extract(flags=("archive", "unreadable"))


def _tar(data: bytes, reading: Reading, read_member: ReadMember) -> Extract:
    flags: dict[str, None] = {"archive": None}
    texts: list[str] = []
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as box:
        for member in box:
            if not member.isfile():
                continue
            if len(texts) >= MAX_MEMBERS:
                flags["truncated"] = None
                break
            stream = box.extractfile(member)
            name = PurePosixPath(file_names.tar_name(member.name)).name
            found = read_member(stream.read() if stream is not None else b"", name, reading)
            flags.update(dict.fromkeys(found.flags))
            texts.append(f"[{found.filename}]\n{found.text}".strip())
    return Extract("\n\n".join(texts), "office" if texts else "none", flags=tuple(flags))


def _opened(data: bytes, kind: str) -> gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    stream = io.BytesIO(data)
    if kind == "gzip":
        return gzip.GzipFile(fileobj=stream)
    return bz2.BZ2File(stream) if kind == "bzip2" else lzma.LZMAFile(stream)

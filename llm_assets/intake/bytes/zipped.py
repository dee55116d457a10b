"""What reading a damaged, cut or encrypted zip file raises, in whatever method its members are packed."""

import lzma
import zipfile
import zlib

BROKEN = (
    zipfile.BadZipFile,
    KeyError,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ValueError,
    zlib.error,
    lzma.LZMAError,
)
"""RuntimeError is that of an encrypted member."""

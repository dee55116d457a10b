"""A reader process whose PDF reader, body reader and look at pages do what the file tells them: hang, crash, eat memory, tell of
themselves. Everything else is the shipped process."""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from llm_assets.intake.checks import gathering
from llm_assets.intake.checks.facts import FileFacts, PagesAsked
from llm_assets.intake.files import pdf
from llm_assets.intake.mail import mail
from llm_assets.intake.reading import Extract, Reading
from llm_assets.intake.workers import worker

_own_words = mail.own_words
_facts_of = gathering.facts_of


def read_pdf(data: bytes, reading: Reading, *_others: object) -> Extract:
    found = re.search(rb"do (\w+) ?(\S*)", data)
    assert found is not None
    return Extract(obey(found[1].decode(), found[2].decode(), reading), "text-layer")


def own_words(text: str, *others: Any) -> str:
    found = re.search(r"do (\w+)", text)
    if found is not None:
        obey(found[1], "", Reading())
    return _own_words(text, *others)


def facts_of(data: bytes, name: str, asked: PagesAsked) -> FileFacts:
    found = re.search(rb"do (\w+)", data)
    if found is not None:
        obey(found[1].decode(), "", Reading())
    return _facts_of(data, name, asked)


def obey(order: str, argument: str, reading: Reading) -> str:
    match order:
        case "hang":
            ctypes.PyDLL(None).pause()  # with the interpreter's lock held, as a C library would
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "crash_once" if not Path(argument).exists():
            Path(argument).touch()
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(3)
        case "eat":
            return str(len(bytearray(1 << 40)))
        case "raise":
            raise NotImplementedError("secret words of the mail")
        case "tell_and_hang":
            child = subprocess.Popen(["sleep", "1000"])
            Path(argument).write_text(f"{os.getpid()} {child.pid}")
            ctypes.PyDLL(None).pause()
        case "work_long":
            for _ in range(8):
                time.sleep(0.5)
                reading.watch.lives()
        case "descriptors":
            return _descriptors()
        case "environment":
            return json.dumps(dict(os.environ))
    return f"read by {os.getpid()}"


def _descriptors() -> str:
    """What this process has open."""
    seen = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the listing's own
            seen.append(str(link.readlink()))
    return " ".join(seen)


if __name__ == "__main__":
    pdf.read_pdf = read_pdf
    mail.own_words = own_words
    gathering.facts_of = facts_of
    # What loads late is not timed.
    mail.read_mail("Subject: Card\n\nКарта".encode(), path="", index=0, reading=Reading())
    worker.main(sys.argv[1:])

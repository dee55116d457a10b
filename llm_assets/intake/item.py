"""One stored item to its Message: the way back from the raw store, so that the lake can be rebuilt from it."""

from typing import assert_never

from llm_assets.domain.document import Kind, Message
from llm_assets.intake.entries import read_entry
from llm_assets.intake.mail import read_mail
from llm_assets.intake.read import kind_of, read_document, read_outlook_or_document
from llm_assets.intake.reading import Reading


def read_item(data: bytes, kind: Kind, place: str, *, ocr: bool = True) -> Message:
    """Reads the bytes as what they were when they came. Never raises for bad content."""
    reading = Reading(ocr=ocr)
    match kind:
        case "crm" | "form":
            return read_entry(data, kind=kind, place=place)
        case "document":
            return read_document(data, path=place, reading=reading)
        case "mail":
            if kind_of(data, place) == "outlook":
                return read_outlook_or_document(data, path=place, reading=reading)
            return read_mail(data, path=place, index=0, reading=reading)
        case _:
            assert_never(kind)

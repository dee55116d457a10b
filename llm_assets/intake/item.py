"""One stored item to its Message: the way back from the raw store, so that the lake can be rebuilt from it."""

from llm_assets.domain.document import Kind, Message
from llm_assets.intake import drops
from llm_assets.intake.mail import read_mail
from llm_assets.intake.read import kind_of, read_bytes, read_document
from llm_assets.intake.reading import Reading


def read_item(data: bytes, kind: Kind, place: str, *, ocr: bool = True) -> Message:
    """Reads the bytes as what they were when they came. Never raises for bad content."""
    match kind:
        case "crm" | "form":
            return drops.read_entry(data, place=place)
        case "document":
            return read_document(data, path=place, reading=Reading(ocr=ocr))
        case "mail" if kind_of(data, place) == "outlook":
            return next(read_bytes(data, path=place, ocr=ocr))
        case "mail":
            return read_mail(data, path=place, index=0, reading=Reading(ocr=ocr))

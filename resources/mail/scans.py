"""Scans that a model is shown: read again from the raw mail when a line is rendered, for one request at a time."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from llm_assets.domain.errors import DeskError, PermanentError
from llm_assets.domain.requests.request import Picture
from llm_assets.intake.scans import Shown, file_in, shown


class RawBytes(Protocol):
    def get(self, sha256: str) -> bytes:
        """The bytes with this digest. Raises DeskError where there are none."""


class Scans:
    """Gives the providers' adapters the pages to show. It keeps nothing between two requests."""

    def __init__(self, raw: RawBytes, most_bytes: int) -> None:
        self._raw = raw
        self._most_bytes = most_bytes

    def __call__(self, pictures: Sequence[Picture]) -> list[Shown]:
        """The pages of these pictures. Raises PermanentError when a scan is missing, cannot be drawn, or is too large."""
        found = [page for picture in pictures for page in self._pages(picture)]
        size = sum(len(page.data) for page in found)
        if size > self._most_bytes:
            raise PermanentError(
                f"its scans have {size} bytes as pictures, and vision_bytes of lanes.yaml allows {self._most_bytes}",
                code="too_large",
            )
        return found

    def _pages(self, picture: Picture) -> Iterator[Shown]:
        try:
            data = file_in(self._raw.get(picture.raw_sha256), picture.sha256)
        except DeskError as err:
            raise PermanentError(str(err), code="scan_missing") from err
        if data is None:
            raise PermanentError(
                f"scan {picture.sha256} is not in raw file {picture.raw_sha256}: read the day once more",
                code="scan_missing",
            )
        pages = shown(data)
        if not pages:
            raise PermanentError(
                f"scan {picture.sha256} is no picture that can be drawn", code="scan_unreadable"
            )
        yield from pages

"""The desk as assets, checks and sensors open it: an error that passes by here says nothing of what was being read.

Dagster stores the words of every exception. Ours are chosen; those of a parser, a database or pydantic may quote a mail.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from llm_assets.domain.errors import DeskError, place_of
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.desk import Desk


class DefectError(Exception):
    """An error of a kind that nobody expected, by its kind and place alone."""


@contextmanager
def opened(desk: Desk) -> Iterator[Assembly]:
    """The desk's adapters, closed afterwards. Raises DefectError in place of what may quote mail."""
    try:
        with desk.open() as assembly:
            yield assembly
    except DeskError:
        raise
    except OSError as err:
        said = OSError(err.errno, err.strerror) if err.errno is not None else OSError(type(err).__name__)
        raise said.with_traceback(err.__traceback__) from None
    except Exception as err:  # noqa: BLE001 - whatever it is, its words may be a customer's
        raise DefectError(place_of(err)).with_traceback(err.__traceback__) from None

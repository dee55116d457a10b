"""Progress of long work, for whoever shows it."""

from collections.abc import Callable

OnProgress = Callable[[str, int, int | None], None]
"""Stage, done, total (None while unknown)."""

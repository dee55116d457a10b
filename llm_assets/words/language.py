"""The languages that people may read the platform's pages in. Apart, so that settings need no catalogue."""

from typing import Literal, get_args

Language = Literal["en", "ru", "kk"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

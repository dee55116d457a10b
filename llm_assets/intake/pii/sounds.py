"""How a name sounds, so that it is known again in the other script: Айгүл, Айгуль, Aigul and Aygul sound the same.

A rough key, made for comparing and never shown. What is a name is not decided here.
"""

import re
from functools import lru_cache

_CYRILLIC = str.maketrans(
    {
        **dict(zip("абвгдеёжзийклмнопрстуфхцчшщыэ", "abvgdeejziiklmnoprstufhqxwwie", strict=True)),
        **dict(zip("әіңғүұқөһ", "aingyykoh".replace("y", "u"), strict=True)),
        **{"ю": "u", "я": "a", "ъ": None, "ь": None},
    }
)
_LATIN = re.compile(
    "shch|sch|sh|ch|kh|zh|dj|gh|ph|ts|tz|ck|y[aeou]|i[aeu]|j[aeou](?<!^..)|oo|w|q|x|y|c|j(?=[^aeiou]|$)|['’`]"
)
_SOUNDS = {
    "shch": "w", "sch": "w", "sh": "w", "ch": "x", "kh": "h", "zh": "j", "dj": "j", "gh": "g", "ph": "f", "ts": "q", "tz": "q",
    "ck": "k", "oo": "u", "w": "v", "q": "k", "x": "ks", "y": "i", "c": "k", "j": "i", "'": "", "’": "", "`": "",
}  # fmt: skip
_GLIDE = re.compile("i([aeu])")
_TWICE = re.compile(r"(.)\1+")


@lru_cache(maxsize=16_384)
def sound(lowered: str) -> str:
    """The key of a word in small letters."""
    key = lowered.translate(_CYRILLIC)
    if key == lowered:
        key = _LATIN.sub(lambda found: _SOUNDS.get(found.group(), found.group()[-1]), lowered)
    return _TWICE.sub(r"\1", _GLIDE.sub(r"\1", key))

"""Live text: a text inside a model's JSON that a caller reads while it is written. Pure.

Nothing leaves here that the whole answer would have changed: no half of an escape, of a mask or of a number.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MARK = "[?]"
"""Stands behind a number that nobody named."""
_NUMBER = re.compile(r"\d+(?:[ \u00a0\u202f.,:/-]\d+)*")
_UNFINISHED = re.compile(r"\d+(?:[ \u00a0\u202f.,:/-]\d+)*[ \u00a0\u202f.,:/-]?$")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_NO_CHARACTER = "\ufffd"


def _nothing(_: str) -> bool:
    return False


@dataclass(frozen=True)
class LiveText:
    """Which text of a step's answer is worth reading before the answer is whole."""

    field: str
    """Of the answer's JSON object, and the column that holds it in the end."""
    before: str = ""
    """What the column has in front of it, such as a greeting."""
    is_made_up: Callable[[str], bool] = _nothing
    """Whether a number is in none of the texts that may be quoted."""


class LiveReader:
    """Reads one answer of one model, piece by piece."""

    def __init__(self, live: LiveText, masks: Mapping[str, str]) -> None:
        self._live = live
        self._field = FieldReader(live.field)
        self._masks = MaskRestorer(masks)
        self._marker = NumberMarker(live.is_made_up)
        self._blank = ""
        self._said = ""

    def feed(self, text: str) -> str:
        """What may be shown after this piece of the answer."""
        found = self._blank + self._masks.feed(self._field.feed(text))
        solid = found.rstrip()
        self._blank = found[len(solid) :]
        if not self._said:
            solid = solid.lstrip()
            if not solid:
                return ""
            solid = self._live.before + solid
        return self._say(solid)

    def finish(self, whole: str) -> str | None:
        """What is left to show of the whole text, as the step has made it; None when it is not the one that was shown."""
        if not whole.startswith(self._said):
            return None
        return self._say(whole[len(self._said) :]) + self._marker.rest()

    def _say(self, text: str) -> str:
        self._said += text
        return self._marker.feed(text)


class FieldReader:
    """The string under one key of a JSON object, as far as it has come."""

    def __init__(self, field: str) -> None:
        self._wanted = field
        self._depth = 0
        self._is_key = True
        self._key = ""
        self._string: str | None = None
        """What was read of the string under way; None outside of strings."""
        self._escape = ""
        self._high = ""
        self._done = False

    def feed(self, text: str) -> str:
        found = ""
        for character in text:
            if self._string is None:
                self._structure(character)
            else:
                found += self._inside(character)
        return found

    @property
    def _reads(self) -> bool:
        return self._depth == 1 and not self._is_key and self._key == self._wanted and not self._done

    def _structure(self, character: str) -> None:
        match character:
            case '"':
                self._string = ""
            case "{" | "[":
                self._depth += 1
                self._is_key = self._is_key if self._depth > 1 else character == "{"
            case "}" | "]":
                self._depth -= 1
            case ":" if self._depth == 1:
                self._is_key = False
            case "," if self._depth == 1:
                self._is_key = True
            case _:  # white space, numbers and words
                pass

    def _inside(self, character: str) -> str:
        assert self._string is not None
        if not self._escape and character == '"':
            return self._end(self._string)
        found = self._decoded(character)
        if self._reads:
            return found
        if self._is_key:
            self._string += found
        return ""

    def _end(self, read: str) -> str:
        broken, self._high, self._string = _NO_CHARACTER if self._high else "", "", None
        if self._reads:
            self._done = True
            return broken
        if self._depth == 1 and self._is_key:
            self._key = read
        return ""

    def _decoded(self, character: str) -> str:
        """The characters that are complete with this one."""
        if not self._escape and character != "\\":
            return self._after_half(character)
        self._escape += character
        if len(self._escape) == 1 or (self._escape[1] == "u" and len(self._escape) < 6):
            return ""
        escape, self._escape = self._escape, ""
        if escape[1] != "u":
            return self._after_half(_ESCAPES.get(escape[1], escape[1]))
        return self._unit(escape[2:])

    def _unit(self, hexadecimal: str) -> str:
        """One UTF-16 unit; the first half of a pair waits for the second."""
        try:
            code = int(hexadecimal, 16)
        except ValueError:
            return self._after_half(_NO_CHARACTER)
        if 0xDC00 <= code < 0xE000 and self._high:
            pair, self._high = self._high + chr(code), ""
            return pair.encode("utf-16", "surrogatepass").decode("utf-16")
        if 0xD800 <= code < 0xDC00:
            found, self._high = self._after_half(""), chr(code)
            return found
        return self._after_half(_NO_CHARACTER if 0xDC00 <= code < 0xE000 else chr(code))

    def _after_half(self, text: str) -> str:
        half, self._high = self._high, ""
        return (_NO_CHARACTER if half else "") + text


class MaskRestorer:
    """Replaces masks by their originals; what may become a mask is held back."""

    def __init__(self, masks: Mapping[str, str]) -> None:
        self._masks = masks
        self._held = ""

    def feed(self, text: str) -> str:
        left, found = self._held + text, ""
        while left:
            plain, bracket, rest = left.partition("[")
            found += plain
            left = bracket + rest
            if any(len(mask) > len(left) and mask.startswith(left) for mask in self._masks):
                break
            mask = next((mask for mask in self._masks if left.startswith(mask)), "")
            found += self._masks[mask] if mask else left[:1]
            left = left[len(mask) or 1 :]
        self._held = left
        return found


class NumberMarker:
    """Puts `MARK` behind each number that is made up; a number that may not be over is held back."""

    def __init__(self, is_made_up: Callable[[str], bool]) -> None:
        self._is_made_up = is_made_up
        self._held = ""
        self._line = ""
        """The line so far, without what is held back."""

    def feed(self, text: str) -> str:
        text = self._held + text
        unfinished = _UNFINISHED.search(text)
        end = len(text) if unfinished is None else unfinished.start()
        self._held = text[end:]
        return self._marked(text[:end])

    def rest(self) -> str:
        text, self._held = self._held, ""
        return self._marked(text)

    def _marked(self, text: str) -> str:
        found, at = "", 0
        for number in _NUMBER.finditer(text):
            found += text[at : number.end()]
            line = (self._line + text[: number.start()]).rpartition("\n")[2]
            counts = not line.strip() and len(number[0]) < 3 and text[number.end() :][:1] in (".", ")")
            if not counts and self._is_made_up(number[0]):
                found += MARK
            at = number.end()
        self._line = (self._line + text).rpartition("\n")[2]
        return found + text[at:]

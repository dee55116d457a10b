"""Characters of symbol fonts as the Unicode characters that look alike: ticks and boxes before all."""

_BOX, _TICKED, _CROSSED = "☐", "☑", "☒"
TICKED = frozenset("☑☒🗹🗷🗵✓✔✗✘⌧✅❎")
EMPTY_BOXES = frozenset("☐□◻▢❑❒⬜🞎🗌◯○")
_WINGDINGS = {
    0x6C: "●", 0x6E: "■", 0x6F: _BOX, 0x70: _BOX, 0x71: _BOX, 0x72: _BOX, 0x78: _CROSSED, 0x9F: "•", 0xA1: "○",
    0xA7: "▪", 0xA8: _BOX, 0xD8: "➢", 0xE0: "→", 0xF0: "→", 0xFB: "✗", 0xFC: "✓", 0xFD: _CROSSED, 0xFE: _TICKED,
    0x28: "☎", 0x2A: "✉", 0x76: "❖",
}  # fmt: skip
_WINGDINGS_2 = {
    0x4F: "✗", 0x50: "✓", 0x51: _CROSSED, 0x52: _TICKED, 0x53: _CROSSED, 0x54: _CROSSED, 0x55: "⊗", 0x56: "⊗",
    0x98: "●", 0x99: "◉", 0xA2: "■", 0xA3: _BOX, 0x2A: _BOX, 0x30: _BOX,
}  # fmt: skip
_WEBDINGS = {0x61: "✓", 0x63: _BOX, 0x67: "■", 0x72: "✗", 0x6E: "●"}
_SYMBOL = {
    0xB7: "•", 0xB0: "°", 0xB1: "±", 0xA3: "≤", 0xB3: "≥", 0xB4: "×", 0xB8: "÷", 0xB9: "≠", 0xBB: "≈", 0xAE: "→",
    0x44: "Δ", 0x61: "α", 0x62: "β", 0x6D: "μ", 0x70: "π", 0x53: "Σ", 0x57: "Ω", 0xD6: "√", 0x2D: "−", 0xD7: "·",
}  # fmt: skip
_FONTS = {"wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2, "webdings": _WEBDINGS, "symbol": _SYMBOL}
_PRIVATE = range(0xF020, 0xF100)
"""Where Word keeps the characters of a symbol font."""


def symbol_of(code: int, font: str) -> str:
    """The character with this number in a font; empty where a font of pictures has no counterpart that we know."""
    table = _FONTS.get(font.lower())
    if table is not None:
        return table.get(code - 0xF000 if code in _PRIVATE else code, "")
    if code in _PRIVATE:
        return _WINGDINGS.get(code - 0xF000, "")
    return chr(code) if 0x20 <= code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def is_symbol_font(font: str) -> bool:
    return font.lower() in _FONTS


def readable(text: str, font: str) -> str:
    """A run's text; of a symbol font as what it looks like, and characters of such a font wherever their font is not named."""
    if is_symbol_font(font):
        return "".join(symbol_of(ord(c), font) or c for c in text)
    if any("\uf020" <= c <= "\uf0ff" for c in text):
        return "".join(symbol_of(ord(c), "") or c if ord(c) in _PRIVATE else c for c in text)
    return text

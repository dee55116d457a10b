"""Pictures of screens, on which print stands on several flat grounds: bubbles of a chat, a dark bar over a light page.

Tesseract looks for one ground and takes what stands on another one for a drawing. What is no picture of a screen is left as it is.
"""

from PIL import Image, ImageChops, ImageFilter, ImageOps

_CELL = 8
_WINDOW = 7
"""Cells of which the middle one is the ground: wider than a stroke of print, narrower than a bubble."""
_SMALLEST_SIDE = 160
_ALIKE, _APART = 3, 14
"""Greys that are one ground, and those that are two."""
_SPREAD = 40
"""Between the darkest ground and the lightest: paper and its shade differ by less, and Tesseract reads print on both."""
_LEAST, _ALL = 0.04, 0.9
"""Of the picture: the smallest ground that counts, and what the grounds of a screen cover together; photographs have no such
grounds."""
_MOST_GROUNDS = 6


def even_grounds(grey: Image.Image) -> Image.Image:
    """The print dark on white, whatever it stands on; the picture itself where it has one ground or none."""
    if min(grey.size) < _SMALLEST_SIDE:
        return grey
    cells = (max(1, grey.width // _CELL), max(1, grey.height // _CELL))
    middle = grey.resize(cells, Image.Resampling.NEAREST).filter(ImageFilter.MedianFilter(_WINDOW))
    grounds = _grounds(middle)
    if len(grounds) < 2:
        return grey
    distance = Image.new("L", grey.size, 255)
    for ground in grounds:
        near = middle.point(lambda value, ground=ground: 255 if abs(value - ground) <= _APART // 2 else 0)
        there = near.filter(ImageFilter.MaxFilter(3)).resize(grey.size, Image.Resampling.NEAREST)
        away = ImageChops.difference(grey, Image.new("L", grey.size, ground))
        distance = ImageChops.darker(distance, ImageChops.lighter(away, ImageOps.invert(there)))
    return ImageOps.invert(distance)


def _grounds(middle: Image.Image) -> list[int]:
    """The greys of the grounds, the largest first; none where they leave too much uncovered."""
    left = middle.histogram()
    points = sum(left)
    found: list[int] = []
    covered = 0
    for _ in range(_MOST_GROUNDS):
        peak = max(range(256), key=left.__getitem__)
        alike = range(max(0, peak - _ALIKE), min(256, peak + _ALIKE + 1))
        size = sum(left[value] for value in alike)
        if size < _LEAST * points:
            break
        for value in alike:
            left[value] = 0
        if all(abs(peak - other) >= _APART for other in found):
            covered += size
            found.append(peak)
    far_apart = bool(found) and max(found) - min(found) >= _SPREAD
    return found if far_apart and covered >= _ALL * points else []

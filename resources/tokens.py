"""Token counts by OpenAI's o200k vocabulary, offline: the installed package contains the vocabulary.

Loading it takes a quarter of a second and 140 MB, so load it only where exact counts are needed.
"""

from collections.abc import Callable

PIECE = 500_000
"""Characters counted at once; each cut adds at most one token."""


def o200k() -> Callable[[str], int]:
    """A function that counts the tokens of a text. Text that looks like a special token is counted as text."""
    from bpe_openai import get_encoding

    encode = get_encoding("o200k_base").encode_ordinary

    def tokens_of(text: str) -> int:
        return sum(len(encode(text[start : start + PIECE])) for start in range(0, len(text), PIECE))

    return tokens_of

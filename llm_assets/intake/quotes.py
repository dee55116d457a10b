"""What the sender newly wrote."""


def new_text(text: str, *, sender: str = "") -> str:
    return text

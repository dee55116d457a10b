"""What the pages' own script says. `static/review.js` looks a sentence up by its English text."""

IN_BROWSER = (
    "%(num)s not sent yet",
    "Decided meanwhile by %(who)s. Yours was not stored.",
    "That was not stored.",
    "The next case cannot be loaded now; it comes with the connection.",
    "There is no connection; the next case comes with it.",
    "There is nothing to undo.",
    "Undone.",
)

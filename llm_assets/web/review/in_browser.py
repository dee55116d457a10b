"""What the pages' own script says. `static/review.js` looks a sentence up by its English text."""

IN_BROWSER = (
    "%(num)s not sent yet",
    "Decided meanwhile by %(who)s. Yours was not stored.",
    "In the control set: %(category)s.",
    "Stored, but not in the control set: %(why)s",
    "That was not stored.",
    "The desk does not answer now; try again when the connection is back.",
    "The draft is asked for and comes later.",
    "The draft is being written…",
    "The draft is ready.",
    "The next case cannot be loaded now; it comes with the connection.",
    "There is no connection; the next case comes with it.",
    "There is no connection; your decision is kept.",
    "There is nothing to undo.",
    "Undone.",
)

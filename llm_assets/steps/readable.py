"""Which cases are not sent to a model at all: nothing of them could be read, or they hold nothing to read."""

from llm_assets.domain.desk.model_choice import shown_scans, why_kept_back
from llm_assets.domain.desk.step import Doubt, Skip, StepInput
from llm_assets.domain.requests.outcome import Status


def unreadable(given: StepInput) -> Skip | None:
    """A Skip into review when the case has no text for a model and no scan that it is shown; None otherwise."""
    messages = [d.message for d in given.case.documents]
    if not any(m.ok for m in messages):
        kinds = sorted({m.error.kind for m in messages if m.error is not None})
        return Skip(Status.REVIEW, Doubt("unreadable", ", ".join(kinds)))
    if any(m.new_text.strip() or m.text.strip() or m.subject.strip() for m in messages):
        return None
    if any(a.text.strip() for m in messages for a in m.attachments):
        return None
    if shown_scans(given.case, given.reading, given.unshown):
        return None
    attached = any(m.attachments for m in messages)
    why = why_kept_back(given.case, given.reading, given.unshown)
    detail = f"attachments without text: {why}" if why else "attachments without text"
    return Skip(Status.REVIEW, Doubt("no_text", detail if attached else "empty message"))

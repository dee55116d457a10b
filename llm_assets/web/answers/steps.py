"""What is asked of a step: from a request's body, in one of the three forms that it may have, to what the door admits."""

import base64
import hashlib
import json
from typing import NamedTuple

from llm_assets.usecases.answers.door import Ask, Door
from llm_assets.usecases.answers.told import Told, ToldFile
from llm_assets.usecases.desk.earlier_rows import check_rows, check_values
from llm_assets.usecases.mail.receive_form import Submission, SubmissionError, read_submission
from llm_assets.web.answers.bodies import case_ask, check_text, digest_of, mail_ask
from llm_assets.web.answers.errors import RefusedError

FIELDS = ("text", "subject", "from", "queue")
JSON, MAIL, FORM = "application/json", "message/rfc822", "multipart/form-data"


class Posted(NamedTuple):
    """A request of `POST /v1/steps/{step}`."""

    step: str
    content_type: str
    body: bytes
    queue: str | None
    """As the address names it, for the bytes of a mail."""
    idempotency_key: str | None


def ask_of(door: Door, posted: Posted) -> Ask:
    """Raises UnknownStepError, UnfitCaseError, UnfitRowsError and RefusedError."""
    step = door.step(posted.step)
    if not posted.body:
        raise RefusedError(422, "The body is empty; send the case.", "invalid_value", param="body")
    match posted.content_type.partition(";")[0].strip().lower() or JSON:
        case "application/json":
            ask = case_ask(posted.step, posted.body, posted.idempotency_key)
            steps = door.assembly.steps
            check_values(check_rows(dict(ask.upstream), step, steps), steps)
            return ask
        case "message/rfc822":
            return mail_ask(posted.step, posted.body, posted.queue, posted.idempotency_key)
        case "multipart/form-data":
            return _form_ask(posted)
        case _:
            raise RefusedError(
                415,
                f"This content type is not taken; send {JSON}, {MAIL} or {FORM}.",
                "unknown_content_type",
            )


def _form_ask(posted: Posted) -> Ask:
    try:
        form = read_submission(posted.body, posted.content_type)
    except SubmissionError as err:
        raise RefusedError(422, str(err), "invalid_form") from None
    unknown = form.fields.keys() - set(FIELDS)
    if unknown:
        raise RefusedError(
            422,
            f"The form has another field than {', '.join(FIELDS)}; send a file with its filename.",
            "invalid_value",
        )
    text, subject, sender, queue = (form.fields.get(name, "") for name in FIELDS)
    check_text(text, subject, sender, queue)
    if not text and not form.files:
        raise RefusedError(
            422, "The form has neither text nor a file; send one.", "invalid_value", param="text"
        )
    files = [ToldFile(file.filename, base64.b64decode(file.content)) for file in form.files]
    told = Told(text, subject, sender, files)
    return Ask(
        posted.step,
        told,
        digest_of(posted.step, _what_is_told(form)),
        queue or None,
        {},
        posted.idempotency_key,
    )


def _what_is_told(form: Submission) -> bytes:
    """Without the boundary, which a client draws anew when it sends the same again."""
    files = [[file.filename, hashlib.sha256(file.content.encode()).hexdigest()] for file in form.files]
    return json.dumps([dict(form.fields), files], sort_keys=True).encode()

"""A file that is checked while it is uploaded: the posted form in, findings in the caller's language out."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from llm_assets.domain.callers.caller import Caller
from llm_assets.usecases.answers.check_file import (
    SubmissionError,
    Upload,
    admit_upload,
    check_upload,
    read_submission,
    upload_of,
)
from llm_assets.usecases.answers.door import Door
from llm_assets.usecases.answers.under_way import StillOpenError
from llm_assets.web.answers.errors import RefusedError, limit_headers
from llm_assets.web.answers.passing import here
from llm_assets.words.language import LANGUAGES, Language

WAIT_SECONDS = 30.0
"""More than a check takes with a model's answer; who gets 202 comes back for the answer."""


@dataclass(frozen=True)
class CheckEndpoint:
    door: Door
    body: Callable[[Request], Awaitable[bytes]]
    idempotency_key: Callable[[Request], str | None]
    workers: Executor

    async def post(self, request: Request, caller: Caller) -> Response:
        key, kind = self.idempotency_key(request), request.headers.get("content-type", "")
        if kind.partition(";")[0].strip().lower() != "multipart/form-data":
            raise RefusedError(
                415,
                "This content type is not taken; send multipart/form-data with a `file`.",
                "unknown_content_type",
            )
        body = await self.body(request)
        upload = await anyio.to_thread.run_sync(_upload, body, kind)
        check = await anyio.to_thread.run_sync(admit_upload, self.door, caller, upload, key)
        passing = here()
        passing.step, passing.allowance = check.order.step, check.allowance
        language = language_of(request.headers.get("accept-language", ""))
        work = self.workers.submit(check_upload, self.door, check, language)
        headers = limit_headers(check.allowance)
        try:
            found = await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(work)), WAIT_SECONDS)
        except (TimeoutError, StillOpenError):
            place = f"/v1/answers/{check.order.answer_id}"
            content = {"id": check.order.answer_id, "step": check.order.step, "status": "open"}
            return JSONResponse(content, 202, {"Location": place, **headers})
        return JSONResponse(dict(found), headers={"content-language": language, **headers})


def _upload(body: bytes, content_type: str) -> Upload:
    try:
        return upload_of(read_submission(body, content_type))
    except SubmissionError as err:
        raise RefusedError(422, str(err), "invalid_form") from err


def language_of(accepted: str) -> Language:
    """The one of our languages that a caller likes best, English where it names none."""
    wishes: list[tuple[float, Language]] = []
    for part in accepted[:500].split(","):
        tag, _, quality = part.partition(";")
        known = next((each for each in LANGUAGES if tag.strip().lower().partition("-")[0] == each), None)
        if known is not None:
            wishes.append((_quality(quality), known))
    return max(wishes, key=lambda wish: wish[0], default=(1.0, "en"))[1]


def _quality(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=")) if text.strip() else 1.0
    except ValueError:
        return 0.0

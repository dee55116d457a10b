"""What a person is told of a defect of ours."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import HTMLResponse

from llm_assets.web.review.app import _broke
from llm_assets.web.review.desk import Desk
from llm_assets.words.words import words_in


def test_a_defect_says_nothing_of_itself_and_nothing_runs_on_its_page() -> None:
    def page(_: str, status: int, said: str) -> HTMLResponse:
        return HTMLResponse(said, status)

    app = cast("Desk", SimpleNamespace(words=words_in("en"), page=page))
    request = Request({"type": "http", "method": "GET", "headers": []})
    answer: Any = asyncio.run(_broke(app)(request, _raised("Aida wrote")))
    assert answer.status_code == 500 and b"see the log" in answer.body and b"Aida" not in answer.body
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def _raised(words: str) -> Exception:
    try:
        raise ValueError(words)
    except ValueError as err:
        return err

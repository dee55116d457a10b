"""Every page of the app, looked at by axe: no serious finding, in light, in dark, and on a phone."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.web.review.app import application
from resources.settings.environment import Settings
from tests.review.test_morning_in_a_browser import browser, page
from tests.support.houses.house import House
from tests.support.houses.review_app import review_app

__all__ = ["browser", "page"]
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
)
pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(300)]
SERIOUS = ("serious", "critical")
LOOKS = (("light", 1400, 900), ("dark", 1400, 900), ("light", 390, 844))
NO_PAGES = ("/next", "/enter", "/done", "/begin")
"""Answers for the script, and pages that need more than their address; `/done` is found by its link."""
SAY = "() => document.querySelectorAll('main .alarm[hidden], header .pill[hidden]').forEach(each => {\
 each.hidden = false; each.textContent = each.textContent || 'Said.'; })"


def addresses(folder: Path) -> list[Route]:
    assembly = Assembly(Settings(home=folder), STEPS)
    found = application(assembly, secure=False, entry=None, owner=None).routes
    return [each for each in found if isinstance(each, Route) and "GET" in (each.methods or ())]


def walk(page: Any, base: str, routes: Sequence[Route]) -> Iterator[str]:
    """One page of each kind: those with an address of their own, and the first link or frame of each other kind; a kind of
    which a step is part for each step."""
    waiting = [base + each.path for each in routes if "{" not in each.path and each.path not in NO_PAGES]
    seen: set[tuple[str, str]] = set()
    while waiting:
        here = waiting.pop(0)
        path = re.sub(r"[?#].*", "", here.removeprefix(base)) or "/"
        route = next((each for each in routes if each.path_regex.match(path)), None)
        kind = (
            route.path if route is not None else "",
            path.rpartition("/")[2] if "{step}" in getattr(route, "path", "") else "",
        )
        if route is None or kind in seen or kind[0] in ("/enter", "/begin") or "/files/" in kind[0]:
            continue
        seen.add(kind)
        page.goto(here)
        yield kind[0]
        links = page.eval_on_selector_all("a[href], iframe", "all => all.map(each => each.href || each.src)")
        waiting += [each for each in links if each.startswith(base)]


def without_sandbox(route: Any) -> None:
    """A mail's own page, in which not even axe may run."""
    answer = route.fetch()
    headers = {k: v for k, v in answer.headers.items() if k != "content-security-policy"}
    route.fulfill(response=answer, headers=headers)


def findings(page: Any, where: str) -> list[str]:
    found = []
    for scheme, width, height in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        for each in axe.Axe().run(page).response["violations"]:
            if each["impact"] in SERIOUS:
                nodes = "; ".join(node["html"][:160] for node in each["nodes"][:3])
                found.append(f"{where} ({scheme}, {width} px): {each['id']}: {nodes}")
    return found


def test_axe_has_nothing_serious_to_say_about_any_page(house: House, page: Any, tmp_path: Path) -> None:
    routes = addresses(tmp_path / "another")
    with review_app(house) as app:
        page.goto(f"{app.base}/signin")
        found = findings(page, "/signin")
        page.goto(app.url)
        page.route("**/original/**", without_sandbox)
        visited = []
        for kind in walk(page, app.base, routes):
            visited.append(kind)
            page.evaluate(SAY)
            found += findings(page, kind)
            if page.query_selector("main.case") is not None and page.query_selector("#help[open]") is None:
                page.keyboard.press("Escape")
                page.evaluate("() => document.querySelector('#help').showModal()")
                found += findings(page, f"{kind} with its keys")
        page.goto(f"{app.base}/case/2020-01-01/none/categories")
        found += findings(page, "a refusal")
    pages = {each.path for each in routes if each.path not in NO_PAGES and "/files/" not in each.path}
    assert set(visited) == pages | {"/done"}, "no page is left out"
    assert found == []

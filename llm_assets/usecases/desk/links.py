"""Links into the review app: the report of a night and its queue."""

from datetime import date

from llm_assets.usecases.desk.assembly import Assembly

ON_THIS_MACHINE = "http://127.0.0.1:8100"
"""Where `llm-assets review` listens unless it is told otherwise."""


def report_link(assembly: Assembly, day: date) -> str:
    return f"{_app(assembly)}/report/{day}"


def queue_link(assembly: Assembly, day: date) -> str:
    return f"{_app(assembly)}/?day={day}"


def _app(assembly: Assembly) -> str:
    return (assembly.settings.review_url or ON_THIS_MACHINE).rstrip("/")

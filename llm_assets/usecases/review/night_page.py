"""The page of a night's newest report, for people who may see every case that it names."""

from datetime import date

from llm_assets.domain.people import Person
from llm_assets.intake.inside import open_named
from llm_assets.usecases.desk.assembly import Assembly
from resources.report_files import newest_revision


def may_read_report(person: Person) -> bool:
    """A report names cases of all queues."""
    return person.sees_cases and not person.queues


def newest_page(assembly: Assembly, day: date) -> bytes | None:
    """Its HTML; None while the night has no report."""
    newest = newest_revision(assembly.reports, day)
    if newest is None:
        return None
    with open_named(newest.html) as file:
        return file.read()

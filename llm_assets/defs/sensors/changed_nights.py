"""Runs for nights that people have changed since: what the sensors `decisions` and `texts` have in common."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import dagster as dg

from llm_assets.defs.jobs import AGAIN, CHANGED_PRIORITY, PRIORITY, WORK
from llm_assets.defs.sensors.batch_sensor import is_left_alone
from llm_assets.defs.sensors.trouble import Found
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.changed_nights import ChangedNights, cursor_of, handled_of
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.opened import opened

Look = Callable[[Assembly, Mapping[date, int]], ChangedNights]


def changed_nights(
    instance: dg.DagsterInstance,
    desk: Desk,
    cursor: str | None,
    look: Look,
    key: str,
    assets: Sequence[str],
) -> Found:
    """A run of these assets for each night that `look` finds due; `key` begins the runs' keys. A night that is being worked or
    waits parked takes the change up by itself, or is looked at again."""
    handled = handled_of(cursor)
    with opened(desk) as assembly:
        found = look(assembly, handled)
        today = assembly.settings.calendar.day_of(assembly.clock())
    due = {day: newest for day, newest in found.due.items() if not is_left_alone(instance, day)}
    requests = [
        dg.RunRequest(
            run_key=f"{key}:{day}:{newest}",
            partition_key=day.isoformat(),
            asset_selection=[dg.AssetKey(name) for name in assets],
            tags={PRIORITY: CHANGED_PRIORITY, WORK: AGAIN},
        )
        for day, newest in due.items()
    ]
    return Found(requests, cursor_of({**handled, **due}, today), waits=found.waits)

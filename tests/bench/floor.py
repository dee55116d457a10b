"""The floor under a scenario: CPU time to serialise, write, read and parse the same bytes and to store the same rows,
with the same libraries and nothing else. No digests, no HTTP, no decisions.

A run that sends: each request's line as one `orjson.dumps`, written to a file and read once; the provider's result
lines written, read, parsed and validated by the output model; each row the run left in the ledger inserted once,
as SQLAlchemy Core inserts a list, into an empty database of the same kind.

A request that is not sent again: serialised once, and its two rows read once; a rerun cannot know less than that.
A night: what stands beside its documents' texts read from the lake once, and serialised only where something is sent.
"""

import gc
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Connection, Select, Table, delete, insert, select

from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.mail.document_rows import STAMP_COLUMNS
from llm_assets.domain.requests.request import Request
from llm_assets.engine.chunks import chunks
from resources.lake.lake import Lake
from resources.ledger.database.database import Database
from resources.ledger.database.tables import attempts, batch_members, batches, metadata, requests, work
from tests.bench.invented_requests import canonical
from tests.bench.places import DAY, Place
from tests.bench.process import Stopwatch
from tests.bench.scenarios import Protocol, Scenario
from tests.bench.workload import ALL_OUTPUTS, engine_at, step_of, tasks_of

ROWS = 2_000
READ = 1 << 20
CUSTOM_ID = "0" * 39
"""As long as ours are: batch, request, attempt."""


def floor_seconds(scenario: Scenario, place: Place, *, since: datetime, results: Sequence[Path]) -> float:
    """The floor of a run that began at `since` and whose results the emulator wrote to these files."""
    gc.collect()
    gc.freeze()  # a sweep over what the run left took a tenth of a second, and belongs to no floor
    cpu = Stopwatch()
    ledger, empty = Database(place.ledger_url, place.home), Database(place.floor_url, place.home / "floor")
    with ledger.reading() as connection:
        sent = _sent(connection, since)
        if scenario.size == "night":
            _documents(cpu, place)
        if scenario.size != "night" or sent:
            _requests(cpu, scenario, place, sent)
        for path in results:
            output = ALL_OUTPUTS[step_of(scenario.size)]
            _results(cpu, path, place.home / "floor.jsonl", scenario.protocol, output)
        _rows(cpu, connection, empty, since)
        if len(sent) < scenario.requests:
            _compared(cpu, connection)
    return cpu.seconds


def _sent(connection: Connection, since: datetime) -> frozenset[str]:
    return frozenset(connection.execute(_members(since)).scalars())


def _requests(cpu: Stopwatch, scenario: Scenario, place: Place, sent: frozenset[str]) -> None:
    engine = engine_at(place, scenario)
    path = place.home / "floor.jsonl"
    with path.open("wb") as target:
        for chunk in chunks(tasks_of(engine, place, scenario)):
            going, staying = _parted([t.request for t in chunk], sent, every=len(sent) == scenario.requests)
            lines = [orjson.loads(engine.provider.line(request, CUSTOM_ID)) for request in going]
            kept = [canonical(request) for request in staying]
            with cpu:
                for line in lines:
                    target.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
                for request in kept:
                    orjson.dumps(request)
    with cpu, path.open("rb") as source:
        while source.read(READ):
            pass


def _parted(
    asked: list[Request], sent: frozenset[str], *, every: bool
) -> tuple[list[Request], list[Request]]:
    """What was sent of these requests and what was not; an id takes as long to make as a line, so none is made in vain."""
    if every or not sent:
        return (asked, []) if every else ([], asked)
    return [r for r in asked if r.request_id in sent], [r for r in asked if r.request_id not in sent]


def _documents(cpu: Stopwatch, place: Place) -> None:
    """What tells whether a document has changed, read from the lake's file once."""
    lake = Lake(place.home, (DOCUMENTS,))
    with cpu:
        for _ in lake.read(DOCUMENTS, DAY, STAMP_COLUMNS):
            pass


def _results(cpu: Stopwatch, path: Path, copy: Path, protocol: Protocol, output: type[BaseModel]) -> None:
    with path.open("rb") as source, copy.open("wb") as target:
        while piece := source.read(READ):
            with cpu:
                target.write(piece)
    with cpu, copy.open("rb") as source:
        for line in source:
            output.model_validate_json(_text(orjson.loads(line), protocol))


def _text(line: Mapping[str, Any], protocol: Protocol) -> str:
    if protocol == "openai":
        return line["response"]["body"]["choices"][0]["message"]["content"]
    return "".join(block["text"] for block in line["result"]["message"]["content"] if block["type"] == "text")


def _rows(cpu: Stopwatch, ledger: Connection, empty: Database, since: datetime) -> None:
    with empty.writing() as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
    for table, which in _left_by_run(since):
        for rows in _in_chunks(ledger, select(table).where(which)):
            given = [dict(row) for row in rows]
            with cpu, empty.writing() as connection:
                connection.execute(insert(table), given)


def _left_by_run(since: datetime) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """The rows of the batches that were created since then, table by table."""
    own = select(batches.c.batch_id).where(batches.c.created_at >= since)
    yield requests, requests.c.request_id.in_(_members(since))
    yield work, work.c.request_id.in_(_members(since))
    yield batches, batches.c.batch_id.in_(own)
    yield batch_members, batch_members.c.batch_id.in_(own)
    yield attempts, attempts.c.batch_id.in_(own)


def _members(since: datetime) -> Select[tuple[str]]:
    joined = batch_members.join(batches, batches.c.batch_id == batch_members.c.batch_id)
    return select(batch_members.c.request_id).select_from(joined).where(batches.c.created_at >= since)


def _compared(cpu: Stopwatch, ledger: Connection) -> None:
    """What the ledger knew of the night, read once."""
    states = select(requests.c.request_id, requests.c.state, requests.c.attempt)
    for query in (select(work), states):
        with cpu:
            for _ in _in_chunks(ledger, query):
                pass


def _in_chunks(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Mapping[str, Any]]]:
    rows = connection.execution_options(yield_per=ROWS).execute(query).mappings()
    yield from rows.partitions(ROWS)

"""Claiming what is new of a batch: dedupe, lines of parked streams, and what fulfilment asks for when it decides at once. One statement, mostly."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from eventstore.queries import in_one_statement, load
from processor.fulfilment.desk import LOOK_PARTS, DeskAnswer, DeskQuestion, wanted_by
from processor.fulfilment.work import FACT_TYPES
from processor.intake.columns import inbox_columns
from processor.intake.interpreter import Prepared
from processor.intake.lines import in_line
from processor.intake.verdicts import firsts
from runtime.database import Connection

_SQL = load("intake.sql", "processor")

_PARTS = (("known", _SQL["known"]), ("parked", _SQL["parked"]), ("taken", _SQL["take_in"]))
TAKE_IN = in_one_statement(_PARTS, _SQL["taken_in"])
TAKE_IN_AND_LOOK = in_one_statement((*_PARTS, *LOOK_PARTS), _SQL["taken_in_and_looked"])


class TakenIn(NamedTuple):
    """`fresh`: deliveries that are not stored yet, each once; `new`: which of them were the first of their key; `waiting`: behind another one;
    `looked`: what fulfilment asks for, where that was looked for."""

    fresh: list[Prepared]
    new: set[uuid.UUID]
    waiting: list[Prepared]
    looked: DeskAnswer | None


async def take_in(
    connection: Connection, batch: Sequence[Prepared], drained: str | None, *, looking: bool
) -> TakenIn:
    """Under the log's lock.

    A publish that was repeated brings the same delivery in two messages; after a crash the broker delivers again what was stored. The stream
    that is `drained` is parked, and these are the ones whose turn it is. `looking`: the batch is decided on at once.
    """
    each = {prepared.delivery_id: prepared for prepared in batch}
    heads: dict[str, list[bytes]] = {}
    while each:
        now, waiting = in_line(each.values(), heads)
        streams_in = {one.stream for one in each.values() if one.stream is not None}
        columns = (list(each), sorted(streams_in - heads.keys() - {drained}), *inbox_columns(firsts(now)))
        wanted = _wanted(now) if looking else None
        rows = await connection.fetch(
            TAKE_IN if wanted is None else TAKE_IN_AND_LOOK, *columns, *(wanted or ())
        )
        known = [row["delivery_id"] for row in rows if row["what"] == "known"]
        parked_too = {row["stream"]: row["heads"] for row in rows if row["what"] == "parked"}
        if not known and not parked_too:
            new = {row["delivery_id"] for row in rows if row["what"] == "taken"}
            return TakenIn(now, new, waiting, None if wanted is None else DeskAnswer(wanted, rows))
        heads |= parked_too
        for delivery_id in known:
            del each[delivery_id]
    return TakenIn([], set(), [], None)


def _wanted(batch: Sequence[Prepared]) -> DeskQuestion:
    """For all facts that these may turn out to tell: which of them are repetitions is not known yet."""
    return wanted_by(
        [
            fact.event
            for prepared in batch
            if prepared.translation is not None
            for fact in prepared.translation.facts
            if fact.event.TYPE in FACT_TYPES
        ]
    )

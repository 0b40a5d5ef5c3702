"""A proof of one payment: its events as they are stored, and the way from each up to a seal that was published."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from console.timeline import timeline
from eventstore.sealing import SealCover, seal_covering, stored_bodies, stored_rows
from eventstore.seals import Seal, event_texts, path

if TYPE_CHECKING:
    from runtime.database import Connection

FORMAT = "lunas proof 1"


class NotSealedYet(Exception):
    """The newest events of the payment are younger than the newest seal."""


@dataclass(frozen=True, slots=True)
class Proof:
    """`document`: JSON-ready, as `deploy/verify_proof.py` reads it."""

    document: dict[str, Any]
    events: int
    seals: Sequence[Seal]


async def prove(connection: Connection, provider: str, payment_id: str, case_key: str) -> Proof:
    """Facts, decisions, and the webhooks they came from, byte for byte. Raises NotSealedYet."""
    steps = await timeline(connection, case_key)
    sources = [uuid.UUID(step.id) for step in steps if step.kind == "delivery"]
    deliveries = await stored_bodies(connection, sources)
    positions = {step.position for step in steps if step.position is not None}
    positions |= {row["position"] for row in deliveries if row["position"] is not None}
    covers = await _covers(connection, sorted(positions))
    events = [
        _event(dict(row), _covering(covers, row["position"]))
        for row in await stored_rows(connection, positions)
    ]
    named = {
        orjson.loads(each["data"])["delivery_id"] for each in events if each["type"] == "webhook.received"
    }
    seals = [cover.seal for cover in covers]
    document = {
        "format": FORMAT,
        "provider": provider,
        "payment_id": payment_id,
        "events": events,
        "deliveries": [
            {"delivery_id": row["delivery_id"], "body": base64.b64encode(row["body"]).decode("ascii")}
            for row in deliveries
            if row["delivery_id"] in named and row["body"] is not None
        ],
        "seals": [seal.as_document() for seal in seals],
    }
    return Proof(document, len(events), seals)


async def _covers(connection: Connection, positions: Iterable[int]) -> list[SealCover]:
    """The seals that cover these positions, each once, in order."""
    covers: list[SealCover] = []
    for position in positions:
        if covers and position <= covers[-1].seal.through:
            continue
        cover = await seal_covering(connection, position)
        if cover is None:
            raise NotSealedYet
        covers.append(cover)
    return covers


def _covering(covers: Sequence[SealCover], position: int) -> SealCover:
    return next(cover for cover in covers if cover.seal.after < position <= cover.seal.through)


def _event(row: dict[str, Any], cover: SealCover) -> dict[str, Any]:
    """A row as it stands, even where it is not what was sealed: whoever checks the proof is to see that."""
    index = cover.positions.index(row["position"]) if row["position"] in cover.positions else 0
    beside = [each.hex() for each in path(cover.leaves, index)]
    return {**event_texts(row), "seal": cover.seal.number, "index": index, "path": beside}

"""Payers of new facts under the names of their addresses, before anything is looked up for them or decided (docs/adr/0077)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from eventstore.keyring import KEYRING
from eventstore.personal import named, payer_in_clear, with_name
from processor.intake.interpreter import Prepared
from runtime.database import Connection
from schemas.translation import Translation


async def under_names(
    connection: Connection, batch: Sequence[Prepared], *, make: bool = True
) -> list[Prepared]:
    """The same deliveries; whoever was never met gets a name. Needs the log's lock, unless `make` is false: then who has no name stays as told."""
    if KEYRING.sealer is None:
        return list(batch)
    facts = [fact for one in batch if one.translation is not None for fact in one.translation.facts]
    told = {payer for fact in facts if (payer := payer_in_clear(fact.event))}
    if not told:
        return list(batch)
    names = await named(connection, told, make=make)
    return [
        one if one.translation is None else replace(one, translation=_named(one.translation, names))
        for one in batch
    ]


def _named(translation: Translation, names: Mapping[str, str]) -> Translation:
    facts = tuple(replace(fact, event=with_name(fact.event, names)) for fact in translation.facts)
    return replace(translation, facts=facts)

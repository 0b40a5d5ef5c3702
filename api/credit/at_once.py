"""What was decided on accounts, written in one call: nobody waits for our round trips while the log is locked.

The accounts were looked at without any lock. The call takes it, makes sure that their streams have not moved, appends, and saves what
follows. When something moved it does nothing, and whoever was to be served is served anew, under the lock all the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from api.checkout import idempotency
from api.checkout.idempotency import FirstAnswer
from api.credit.loading import SQL, AccountState, Name, accounts_piece
from eventstore.append import NewEvent, for_one_call
from runtime.database import Connection
from schemas.streams import StreamName

KeyAnswer = tuple[str, bytes, FirstAnswer, int | None]
"""An Idempotency-Key, its request, its answer, and the number of the new event whose position belongs into that."""


async def write_at_once(
    connection: Connection,
    watched: Mapping[StreamName, int],
    new: Sequence[NewEvent],
    states: Sequence[AccountState],
    names: Mapping[Name, int],
    keys: Sequence[KeyAnswer],
) -> int | None:
    """Position of the first new event; None when a stream of `watched` is not at its version any more, or a key was used."""
    moved, categories, counts, *events = for_one_call(new)
    _, accounts = accounts_piece(states)
    acts = [(*name, number) for name, number in names.items()]
    first: int | None = await connection.fetchval(
        SQL["at_once"],
        list(watched),
        list(watched.values()),
        [key for key, *_ in keys],
        moved,
        categories,
        counts,
        *events,
        *accounts,
        *(list(column) for column in (zip(*acts, strict=True) if acts else ((), (), (), ()))),
        [digest for _, digest, *_ in keys],
        [answer.status for _, _, answer, _ in keys],
        [orjson.dumps(answer.document).decode() for _, _, answer, _ in keys],
        [number for *_, number in keys],
        idempotency.KEEP,
        idempotency.EXPIRE_MAX,
    )
    return first

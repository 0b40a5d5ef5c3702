"""State of fulfilment that is kept as JSON between rounds: what stands at its default is left out, what a newer program added is passed over.

Plain dataclasses rather than validated models: only `to_json` writes what `from_json` reads, and this is where a round spends its time.
"""

from __future__ import annotations

from typing import Self

import orjson

from processor.cases.state_reader import reader_of
from processor.cases.state_writer import writer_of


class StoredState:
    """Base of the dataclasses that are stored. Fields are JSON values, datetimes, other stored states, and lists, sets and dicts of these."""

    __slots__ = ()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """What `to_json` wrote, now or in an earlier version. Raises ValueError, TypeError or KeyError for anything else."""
        state: Self = reader_of(cls)(orjson.loads(text))
        return state

    def to_json(self) -> str:
        """The JSON to store."""
        return orjson.dumps(writer_of(type(self))(self), option=orjson.OPT_UTC_Z).decode()

"""What went wrong is told, and not that the connection on which it went wrong is gone: it is asked nothing more."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from eventstore.append import log_transaction
from processor.fulfilment.rebuild import _beside
from runtime.database import is_there


class Lent:
    """A connection of a pool. Once `gone` it is one whose pool was ended, as asyncpg has it: every question raises."""

    def __init__(self) -> None:
        self.gone, self.open = False, False
        self.said: list[str] = []

    def is_closed(self) -> bool:
        self._asked()
        return False

    def is_in_transaction(self) -> bool:
        self._asked()
        return self.open

    async def execute(self, statement: str, *_: object) -> None:
        self._asked()
        self.said.append(statement)
        self.open = statement != "ROLLBACK" and (self.open or "BEGIN" in statement)

    async def reload_schema_state(self) -> None:
        self._asked()

    def _asked(self) -> None:
        if self.gone:
            raise asyncpg.InterfaceError("connection has been released back to the pool")


async def _late(block: Any, lent: Lent, *, gone: bool) -> None:
    """What is asked in the block takes too long; the pool is ended with it, or not."""
    async with block(lent):
        assert is_there(lent)  # type: ignore[arg-type]
        lent.gone = gone
        raise TimeoutError


@pytest.mark.parametrize("block", [log_transaction, _beside])
async def test_what_ended_a_connection_is_told_and_not_that_it_is_gone(block: Any) -> None:
    lent = Lent()
    with pytest.raises(TimeoutError):
        await _late(block, lent, gone=True)
    assert not is_there(lent)  # type: ignore[arg-type]


async def test_a_connection_that_is_there_is_rolled_back() -> None:
    lent = Lent()
    with pytest.raises(TimeoutError):
        await _late(log_transaction, lent, gone=False)
    assert lent.said[-1] == "ROLLBACK"

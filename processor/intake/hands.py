"""What the queues of one process have in hand, so that a death tells of whom it is: ordinary batches, or one suspicious message and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Hands:
    """Ordinary work side by side, or one suspicious message (`processor.intake.suspects`)."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._others = 0
        self._free, self._quiet = asyncio.Event(), asyncio.Event()
        self._free.set()

    @property
    def taken(self) -> bool:
        """A suspicious message is in hand, or next: nothing else is to be begun."""
        return not self._free.is_set()

    async def free(self) -> None:
        """Until ordinary work may go on."""
        while self.taken:
            await self._free.wait()

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[None]:
        """Ordinary work, beside other ordinary work."""
        await self.free()
        self._others += 1
        try:
            yield
        finally:
            self._others -= 1
            self._quiet.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Work on a suspicious message, once what is in hand elsewhere has come to its end."""
        async with self._turn:
            self._free.clear()
            try:
                while self._others:
                    self._quiet.clear()
                    await self._quiet.wait()
                yield
            finally:
                self._free.set()

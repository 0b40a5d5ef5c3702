"""What was sent and what was answered: lines that are on the disk before anybody is told, in a folder that no fault touches."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO


class Record:
    """Appends lines; all that wait share one sync. `async with` writes what is left."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._work = asyncio.Event()

    async def __aenter__(self) -> Record:
        self._file: BinaryIO = self.path.open("ab")
        self._writer = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        self._sync([line for line, _ in self._waiting])
        self._file.close()

    async def keep(self, **line: Any) -> None:
        """Returns when the line is on the disk."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((json.dumps(line).encode() + b"\n", done))
        self._work.set()
        await done

    async def _write(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            taken, self._waiting = self._waiting, []
            await asyncio.to_thread(self._sync, [line for line, _ in taken])
            for _, done in taken:
                if not done.done():
                    done.set_result(None)

    def _sync(self, lines: list[bytes]) -> None:
        self._file.writelines(lines)
        self._file.flush()
        os.fsync(self._file.fileno())


def read_back(path: Path) -> Iterator[dict[str, Any]]:
    """Every line of a record, in order."""
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line)

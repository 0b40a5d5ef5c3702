"""A wire between a process and a service that can be made bad: cut, silent, slow, narrow, dribbling."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

CHUNK_BYTES = 65_536
CRUMB_SECONDS = 0.001


@dataclass
class Wire:
    """How the wire is now. `latency` in seconds, `bytes_per_second` 0 for any, `crumb` bytes at a time, 0 for as many as there are, `cut_after` bytes of each further
    connection, 0 for none."""

    latency: float = 0.0
    bytes_per_second: int = 0
    crumb: int = 0
    cut_after: int = 0
    refusing: bool = False


class Proxy:
    """Listens on `port`, forwards to `target`. `async with` serves."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.wire = Wire()
        self._target = target
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._talking = asyncio.Event()
        self._talking.set()
        self._over = False
        self._carrying = 0

    @property
    def quiet(self) -> bool:
        """A good wire with nothing in it."""
        return self.wire == Wire() and self._talking.is_set() and not self._carrying

    async def __aenter__(self) -> Proxy:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._over = True
        self.reset_all()
        self.heal()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def heal(self) -> None:
        """A good wire again; connections that went silent say on what they held back."""
        self.wire = Wire()
        self._talking.set()

    def silence(self) -> None:
        """Nothing passes any more and nobody is told: a peer whose machine is gone."""
        self._talking.clear()

    def reset_all(self) -> None:
        """Cuts every connection in both directions at once."""
        for end in list(self._ends):
            end.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.wire.refusing:
            writer.transport.abort()
            return
        try:
            onward_reader, onward = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, onward}
        if self._over:
            self.reset_all()  # ended while this connection was being made: nobody else would cut it
        left = [self.wire.cut_after] if self.wire.cut_after else []
        for source, sink, other in ((reader, onward, writer), (onward_reader, writer, onward)):
            task = asyncio.create_task(self._pump(source, sink, other, left))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        other: asyncio.StreamWriter,
        left: list[int],
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK_BYTES):
                self._carrying += 1
                try:
                    whole = await self._carry(data, sink, left)
                finally:
                    self._carrying -= 1
                if not whole:
                    break
        for end in (sink, other):
            end.transport.abort() if left else end.close()
            self._ends.discard(end)

    async def _carry(self, data: bytes, sink: asyncio.StreamWriter, left: list[int]) -> bool:
        """False where the connection ends in the middle of it."""
        await self._talking.wait()
        if self.wire.latency:
            await asyncio.sleep(self.wire.latency)
        if left:
            left[0] -= len(data)
            if left[0] <= 0:
                # The last bytes of what was allowed still arrive: a message that is cut in its middle.
                sink.write(data[: len(data) + left[0]])
                return False
        await self._pass(data, sink)
        return True

    async def _pass(self, data: bytes, sink: asyncio.StreamWriter) -> None:
        rate, crumb = self.wire.bytes_per_second, self.wire.crumb
        if not rate and not crumb:
            sink.write(data)
            await sink.drain()
            return
        step, pause = (crumb, CRUMB_SECONDS) if crumb else (max(1, rate // 20), 1 / 20)
        for start in range(0, len(data), step):
            sink.write(data[start : start + step])
            await sink.drain()
            await asyncio.sleep(pause)
            if not self.wire.bytes_per_second and not self.wire.crumb:
                sink.write(data[start + step :])
                await sink.drain()
                return

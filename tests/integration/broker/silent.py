"""A queue that says nothing: its leader stands still, and nobody takes its place, as where most of the nodes of a quorum queue are gone. No publish is answered."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import unquote, urlsplit

from tests import services

CONTROL_SECONDS = 240.0


@contextmanager
def controlled(given: services.BrokerServer) -> Iterator[services.BrokerServer]:
    """A broker that obeys rabbitmqctl: the given one, or where that came without it one of our own."""
    if given.rabbitmqctl:
        yield given
    else:
        with services._private(database_url="unused") as urls:
            yield services.BrokerServer(urls.broker_url, urls.rabbitmqctl)


@asynccontextmanager
async def silence(control: Sequence[str], url: str, queue: str) -> AsyncIterator[None]:
    """Within the block nobody hears of what is published to `queue` in the vhost of `url`."""
    name = unquote(urlsplit(url).path.removeprefix("/"))
    found = (
        f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{name}">>, queue, <<"{queue}">>)), '
        "{Member, _} = amqqueue:get_pid(Q)"
    )
    await _tell(control, f"{found}, ok = sys:suspend(Member, 120000).")
    try:
        yield
    finally:
        await _tell(control, f"{found}, ok = sys:resume(Member, 120000).")


async def _tell(control: Sequence[str], expression: str) -> None:
    done = await asyncio.to_thread(
        subprocess.run,
        [*control, "eval", expression],
        capture_output=True,
        text=True,
        timeout=CONTROL_SECONDS,
    )
    if done.returncode != 0:
        raise RuntimeError(f"rabbitmqctl failed: {done.stdout}{done.stderr}")

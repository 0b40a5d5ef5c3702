"""What telling costs the pipeline: CPU seconds per 10,000 webhooks of each process, with feed, exchange and notifier on and off in one run.

Nothing is told by the base; each other line adds one of them, the last all. Two prices are shown: what is paid while the flood is on, which is
what the sustained rate pays, and what is paid until everybody was told of everything.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import uvloop

from api.changes.touched import TYPES
from deploy.local.services.private import ServiceUrls
from notify.signing import signing_keys
from runtime.settings import Settings
from tests.benchmarks import visible_balance as visible
from tests.benchmarks.changes import bound_queue, listen, new_database
from tests.benchmarks.children import server
from tests.benchmarks.cpu import Accounts
from tests.benchmarks.figures import Figure, median
from tests.benchmarks.pipeline import Addresses, pipeline

WEBHOOKS = int(os.environ.get("BENCH_TOLD_WEBHOOKS", "10000"))
ROUNDS = int(os.environ.get("BENCH_TOLD_ROUNDS", "3"))
PER = 10_000
LISTENERS = 10
PATIENCE_SECONDS = 600.0
_PIPELINE = ("ingress", "processor", "projections", "api")
_ENDPOINT = """
INSERT INTO lunas.endpoints (endpoint_id, application, url, events, key_id, created_by) VALUES ('ep_bench', '', $1, '{payment.received}', $2, 'bench')
"""


@dataclass(frozen=True)
class Told:
    """Who is told."""

    exchange: bool = False
    listeners: int = 0
    notifier: bool = False
    endpoint: bool = False


_ALL = {
    "nobody is told": Told(),
    "exchange, one queue bound to everything": Told(exchange=True),
    f"{LISTENERS} listeners": Told(listeners=LISTENERS),
    "notifier, nobody to tell": Told(notifier=True),
    "notifier and an endpoint": Told(notifier=True, endpoint=True),
    "all of them": Told(True, LISTENERS, True, True),
}
_WANTED = {int(one) for one in os.environ.get("BENCH_TOLD_MODES", "").split(",") if one}
MODES = {
    name: told for number, (name, told) in enumerate(_ALL.items()) if number in {0, *_WANTED} or not _WANTED
}
"""Those that `BENCH_TOLD_MODES` names by their numbers beside the first; without it all."""


@dataclass
class Price:
    """CPU seconds per `PER` webhooks by process, while the flood is on and until everything was told; webhooks a second."""

    during: dict[str, float] = field(default_factory=dict)
    until_told: dict[str, float] = field(default_factory=dict)
    rate: float = 0.0


def figures(urls: ServiceUrls) -> list[Figure]:
    prices: dict[str, list[Price]] = {name: [] for name in MODES}
    for number in range(ROUNDS):
        for name, told in MODES.items():
            price = _measured(
                urls, told, f"lunas_told_{number}_{len(prices[name])}_{abs(hash(name)) % 10**6}"
            )
            prices[name].append(price)
            _show(name, price)
    base = prices["nobody is told"]
    return [figure for name in list(MODES)[1:] for figure in _lines(name, prices[name], base)]


def _lines(name: str, prices: list[Price], base: list[Price]) -> list[Figure]:
    last = name == "all of them"
    without = {who: median([one.during[who] for one in base]) for who in base[0].during}
    pipeline = [_sum(one.during) - _telling(one.during, without) for one in prices]
    during = 100 * median(
        [_telling(one.during, without) / own for one, own in zip(prices, pipeline, strict=True)]
    )
    # The pipeline's own price is of the flood; telling goes on behind it.
    told = 100 * median(
        [_telling(one.until_told, without) / own for one, own in zip(prices, pipeline, strict=True)]
    )
    rate = median([one.rate / alone.rate for one, alone in zip(prices, base, strict=True)])
    return [
        Figure(f"16 CPU of telling while the flood is on, {name}", during, None, "% of the pipeline's", "–", "≤ 5 %" if last else "recorded", during <= 5 if last else None),
        Figure(f"16 CPU of telling until everything was told, {name}", told, None, "% of the pipeline's", "–", "recorded"),
        Figure(f"16 sustained rate, {name}", rate, None, "× nobody is told", "–", "≥ 0.95" if last else "recorded", rate >= 0.95 if last else None),
    ]  # fmt: skip


_TELLERS = ("api", "notify", "rabbitmq", "of it lunas-api", "of it lunas-notify")


def _telling(spent: dict[str, float], without: dict[str, float]) -> float:
    """What those who tell took more than where nobody is told: their processes, their sessions at the database, and the broker. Everything else in the
    same run is the pipeline's, so that what else the machine did in it weighs on both."""
    each = {name: seconds for name, seconds in spent.items() if name.startswith(_TELLERS)}
    return sum(max(seconds - without.get(name, 0.0), 0.0) for name, seconds in each.items())


def _sum(spent: dict[str, float]) -> float:
    return sum(seconds for name, seconds in spent.items() if not name.startswith("of it"))


def _show(name: str, price: Price) -> None:
    each = ", ".join(f"{who} {price.during[who]:.2f} ({price.until_told[who]:.2f})" for who in price.during)
    total = f"{_sum(price.during):.2f} ({_sum(price.until_told):.2f})"
    print(f"  {name}: {total} s CPU per {PER:,} webhooks at {price.rate:.0f}/s: {each}", file=sys.stderr, flush=True)  # fmt: skip


def _measured(urls: ServiceUrls, told: Told, database: str) -> Price:
    uvloop.run(new_database(urls.database_url, database))
    fresh = replace(urls, database_url=urlsplit(urls.database_url)._replace(path=f"/{database}").geturl())
    more = {} if told.exchange else {"api": {"LUNAS_BROKER_URL": ""}}
    processes = (*_PIPELINE, "notify") if told.notifier else _PIPELINE
    with ExitStack() as stack:
        taker = stack.enter_context(server("taker", {}))[0] if told.endpoint else None
        addresses = stack.enter_context(pipeline(fresh, processes, more))
        if told.listeners:
            stack.enter_context(_ears(addresses.api, told.listeners))
        return uvloop.run(_flooded(fresh, addresses, told, taker))


async def _flooded(urls: ServiceUrls, addresses: Addresses, told: Told, taker: str | None) -> Price:
    visible._posted.count = 0
    await visible.register(urls.database_url)
    await visible.drained(urls.database_url)
    doors, price = visible.Doors(addresses), Price()
    async with AsyncExitStack() as stack:
        if told.exchange:
            await bound_queue(stack, urls.broker_url)
        if taker is not None:
            await _endpoint(urls.database_url, taker)
        await visible.flood(doors, visible.WARM_UP)
        await visible.drained(urls.database_url)
        await _everybody(urls.database_url, told)
        accounts = await Accounts.of(urls.database_url, urls.broker_url)
        before, started = accounts.read(), time.perf_counter()
        await visible.flood(doors, WEBHOOKS)
        await visible.drained(urls.database_url)
        price.rate = WEBHOOKS / (time.perf_counter() - started)
        price.during = _spent(before, accounts.read())
        await _everybody(urls.database_url, told)
        price.until_told = _spent(before, accounts.read())
    return price


def _spent(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    return {name: (after[name] - before[name]) * PER / WEBHOOKS for name in after}


async def _endpoint(dsn: str, url: str) -> None:
    settings = Settings(env="development", home=Path("unused"))
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_ENDPOINT, url, signing_keys(settings).newest)
    finally:
        await connection.close()


async def _everybody(dsn: str, told: Told) -> None:
    """Until the exchange and the endpoint have been told of everything; listeners take what is told while they listen."""
    connection = await asyncpg.connect(dsn, server_settings={"search_path": "lunas"})
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await connection.fetchval(_TOLD, told.exchange, told.endpoint, list(TYPES)):
                await asyncio.sleep(0.1)
        if told.listeners:
            await asyncio.sleep(2.0)
    finally:
        await connection.close()


_TOLD = """
SELECT (NOT $1 OR (SELECT position FROM changes_published) >= (SELECT coalesce(max(position), 0) FROM events WHERE type = ANY($3)))
    AND (NOT $2 OR NOT EXISTS (SELECT FROM notifications WHERE status = 'waiting')
        AND (SELECT count(*) FROM notifications) >= (SELECT count(*) FROM deliveries))
"""


@contextmanager
def _ears(address: str, count: int) -> Iterator[None]:
    """Listeners in a process of their own: what they do with what they hear is not our price."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.telling", address, str(count)], stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "listening\n":
            raise RuntimeError("the listeners did not begin")
        yield
    finally:
        process.kill()
        process.wait()


async def _hear(address: str, count: int) -> None:
    async with AsyncExitStack() as stack:
        await listen(stack, address, count, {})
        print("listening", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_hear(sys.argv[1], int(sys.argv[2])))

"""Read calls from a standby of the database, when there is one and it is near enough; else, and whenever it fails, from the database itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge

from api.parameters import MAX_POSITION, integer
from api.reads.handlers import Handler, Reads, Route
from api.reads.positions import PositionWatch
from eventstore.queries import load
from eventstore.read import age_behind
from runtime.database import OUTAGE_ERRORS, Pool, open_standby_pool
from runtime.lifecycle import sleep_until
from runtime.logs import get_logger
from runtime.tracing import apart
from schemas.errors import ConfigurationError
from schemas.problems import Problem

if TYPE_CHECKING:
    from runtime.settings import Settings

# What a standby says when rows that a question needs were cleaned away on the other server meanwhile.
GAVE_UP = (*OUTAGE_ERRORS, asyncpg.SerializationError)
LOOK_FAILED = (*GAVE_UP, asyncpg.PostgresError, ConfigurationError)
"""That, and an address that leads to something else: it is told, and nobody has to do without answers."""
NOT_NOW = {"unavailable", "projection_behind"}
PROCESS = "api-reads"
ROLE = "lunas_api"

log = get_logger(__name__)


class StandbyMetrics:
    """Metrics of one process, on a registry given from outside."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.behind_seconds = Gauge(
            "lunas_api_standby_lag_seconds",
            "Age of the oldest event that the read models of the standby do not reflect; not there while the standby is not asked.",
            ("standby",),
            registry=registry,
        )
        self.reads = Counter(
            "lunas_api_reads_total",
            "Read calls by where they were answered: standby, or database.",
            ("source",),
            registry=registry,
        )


class Standby:
    """How far a standby is behind, as of the last look. `pool` leads there, `database` to the server that takes writes."""

    def __init__(self, pool: Pool, database: Pool, settings: Settings, metrics: StandbyMetrics) -> None:
        self.pool = pool
        self.positions = PositionWatch(pool)
        self.metrics = metrics
        self._database = database
        self._most = settings.standby_most_lag_seconds
        self._every = settings.standby_look_seconds
        self._patience = settings.database_connect_timeout_seconds
        self._reached = load("reads.sql", "api")["positions"]
        self._position = -1
        self._behind = 0.0
        self._looked = -float("inf")
        self._asked: bool | None = None

    @property
    def lag(self) -> float:
        """Seconds: so old at most is the oldest event that it does not reflect."""
        return self._behind + time.monotonic() - self._looked

    def may_answer(self, position: int = 0) -> bool:
        """Whether it is near enough now, and reflects `position`."""
        return self._position >= position and self.lag <= self._most

    def note(self) -> str | None:
        """For `lunas status`, while it is not asked."""
        return None if self.may_answer() else "reads come from the database itself"

    def given_up(self, error: BaseException) -> None:
        """It did not answer: nobody asks it before the next look."""
        self._looked = -float("inf")
        self._tell(False, type(error).__name__)

    async def look(self) -> None:
        """Asks both servers. Raises what they raise."""
        begin = time.monotonic()
        async with asyncio.timeout(self._patience):
            rows = await self.pool.fetch(self._reached)
            position = min((row["position"] for row in rows), default=-1)
            # After the standby was asked: what it has not yet is then counted too.
            async with self._database.acquire() as connection:
                behind = await age_behind(connection, position)
        self._position, self._behind, self._looked = position, behind, begin
        self.metrics.behind_seconds.labels("read").set(behind)
        self._tell(self.may_answer(), "behind")

    async def watch(self, stop: asyncio.Event) -> None:
        """Looks again and again until `stop`."""
        while not await sleep_until(stop, self._every):
            try:
                await self.look()
            except LOOK_FAILED as error:
                self.metrics.behind_seconds.clear()
                self.given_up(error)

    def _tell(self, asked: bool, why: str) -> None:
        if asked == self._asked:
            return
        self._asked = asked
        if asked:
            log.info(
                "reads come from the standby", action="standby.asked", lag_seconds=round(self._behind, 3)
            )
        else:
            log.warning("reads come from the database itself", action="standby.left", error=why)


def read_routes(
    settings: Settings, pool: Pool, watch: PositionWatch, standby: Standby | None = None
) -> list[Route]:
    """Every read call: from the standby while it may answer, else from the database."""
    own = Reads(pool, settings, watch)
    if standby is None:
        return own.routes()
    near = Reads(standby.pool, settings, standby.positions, lambda: standby.lag)
    return [
        (call, _either(there, here, standby))
        for (call, there), (_, here) in zip(near.routes(), own.routes(), strict=True)
    ]


def _either(there: Handler, here: Handler, standby: Standby) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if standby.may_answer(integer(request, "min_position", 0, MAX_POSITION) or 0):
            answered = await _answered(there, request, standby)
            if answered is not None:
                return answered
        standby.metrics.reads.labels("database").inc()
        return await here(request)

    return handle


async def _answered(there: Handler, request: web.Request, standby: Standby) -> web.StreamResponse | None:
    """What the standby says; nothing when the database itself has to."""
    try:
        answered = await there(request)
    except GAVE_UP as error:
        standby.given_up(error)
        return None
    except Problem as problem:
        if problem.kind.code in NOT_NOW:
            return None
        raise
    standby.metrics.reads.labels("standby").inc()
    return answered


@asynccontextmanager
async def standby_of(
    settings: Settings, pool: Pool, registry: CollectorRegistry, stop: asyncio.Event
) -> AsyncIterator[Standby | None]:
    """The standby that the settings name, looked at until the block ends; None without one."""
    if settings.database_read_url is None:
        yield None
        return
    async with open_standby_pool(settings, PROCESS, ROLE) as near:
        standby = Standby(near, pool, settings, StandbyMetrics(registry))
        watching = asyncio.create_task(standby.watch(stop), name="standby", context=apart())
        try:
            yield standby
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await standby.positions.close()

"""Generations of a projection's tables: build beside the live one, switch, roll back, drop. Never in place.

A generation is `building` (fed as soon as it has a checkpoint, shown to nobody), `live` (behind the view) or `retired` (not shown,
but still fed until it is dropped, so that rolling back is instant and shows nothing older). Building and retired ones only ever
write their own tables; whatever else may follow from a change belongs to the live one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from eventstore.queries import in_one_statement, load
from eventstore.read import AGES_BEHIND_STEPS
from projections import build
from projections.feeder import Feeder
from projections.projection import Projection
from projections.registry import BY_NAME
from projections.statements import PACKAGE, table_sql
from runtime.database import Connection, Pool
from runtime.database_hosts import open_connection
from runtime.faults import fault_point
from runtime.logs import get_logger
from schemas.errors import ConfigurationError, LunasError

CONNECT_TIMEOUT_SECONDS = 10.0
CATCH_UP_BATCH = 5000  # events; a generation that is being built has no reader who waits
DDL_SECONDS = 600.0  # an index on a large table takes minutes
DDL_LOCK_TIMEOUT = (
    "2s"  # a switch that cannot get its lock gives up instead of queueing readers behind itself
)

log = get_logger(__name__)


class GenerationError(LunasError):
    """What was asked of a projection's generations is not possible; the text says why."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation as shown to operators. `position` is None before its first build is done."""

    name: str
    version: int
    status: str
    created_at: datetime
    live_at: datetime | None
    position: int | None
    updated_at: datetime | None
    head: int
    lag_seconds: float
    parked: int

    @property
    def lag_positions(self) -> int:
        return max(self.head - (self.position or 0), 0)


async def status(pool: Pool) -> list[Generation]:
    """Every generation, by name, newest first."""
    async with pool.acquire() as connection:
        return await generations(connection)


async def generations(connection: Connection) -> list[Generation]:
    """The same over one connection."""
    parts = (("steps", _sql()["generations"]), ("ages", AGES_BEHIND_STEPS))
    return [Generation(*row) for row in await connection.fetch(in_one_statement(parts, _sql()["list"]))]


async def ensure(connection: Connection, projections: Mapping[str, Projection] = BY_NAME) -> list[str]:
    """Makes generation 1 of every projection that has no live one; their names. Does nothing when all are there.

    Raises ConfigurationError when something is missing and the role may not create tables.
    """
    try:
        if not await connection.fetch(_sql()["missing"], list(projections)):
            return []
        async with connection.transaction():
            await connection.execute(_sql()["lock"])
            names = [row["name"] for row in await connection.fetch(_sql()["missing"], list(projections))]
            for name in names:
                await _first(connection, projections[name])
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedTableError):
        raise ConfigurationError("Tables of projections are missing: run `lunas migrate`.") from None
    return names


async def ensure_at(dsn: str) -> list[str]:
    """`ensure` over a connection of its own: the second half of `lunas migrate`."""
    connection = await open_connection(
        dsn,
        timeout=CONNECT_TIMEOUT_SECONDS,
        server_settings={"application_name": "lunas-migrate", "search_path": "lunas"},
    )
    try:
        return await ensure(connection)
    finally:
        await connection.close()


async def rebuild(
    pool: Pool,
    name: str,
    *,
    projections: Mapping[str, Projection] = BY_NAME,
    rows_max: int = build.ROWS_IN_MEMORY,
) -> int:
    """Builds a new generation from the beginning of the log while the live one goes on; its number.

    When it returns, the generation has caught up once and is fed from now on; `switch` shows it. Generations that
    nobody reads and that are older are dropped first.
    """
    projection = _known(name, projections)
    async with pool.acquire() as connection, _alone(connection, name):
        for unread in await _droppable(connection, name):
            await _drop(connection, projection, unread)
        async with connection.transaction():
            await connection.execute(_sql()["lock"])
            version: int = await connection.fetchval(_sql()["next"], name)
            await connection.execute(_sql()["create"], name, version)
            await _each_table(connection, projection, version, "create")
        fault_point("rebuild.created")
        built = await build.fold_log(connection, projection, rows_max=rows_max)
        async with connection.transaction():
            await build.keep(connection, projection, version, built)
            fault_point("rebuild.copied")
            await _each_table(connection, projection, version, "index")
            await connection.execute(_sql()["start"], projection.consumer, version, built.position)
        fault_point("rebuild.kept")
        await _catch_up(connection, projections, name, version)
    log.info("generation built", action="projection.built", projection=name, version=version)
    return version


async def switch(pool: Pool, name: str, *, projections: Mapping[str, Projection] = BY_NAME) -> int:
    """Shows the newest generation that was built instead of the live one; its number.

    View and status change in one transaction, while nobody can move either checkpoint and only when the new one is not
    behind: no reader ever sees an older position. Raises GenerationError when there is nothing to switch to.
    """
    projection = _known(name, projections)
    async with pool.acquire() as connection:
        version = await connection.fetchval(_sql()["candidate"], name)
        if version is None:
            raise GenerationError(f"nothing to switch to: run `lunas projections rebuild {name}` first")
        await _show(connection, projections, projection, version)
    return int(version)


async def rollback(pool: Pool, name: str, *, projections: Mapping[str, Projection] = BY_NAME) -> int:
    """Shows the generation again that was live before; its number. Raises GenerationError when it is gone."""
    projection = _known(name, projections)
    async with pool.acquire() as connection:
        version = await connection.fetchval(_sql()["previous"], name)
        if version is None:
            raise GenerationError(f"{name} has no earlier generation to go back to")
        await _show(connection, projections, projection, version)
    return int(version)


async def drop(pool: Pool, name: str, *, projections: Mapping[str, Projection] = BY_NAME) -> list[int]:
    """Drops every generation that nobody reads; their numbers."""
    projection = _known(name, projections)
    async with pool.acquire() as connection:
        dropped = await _droppable(connection, name)
        for version in dropped:
            await _drop(connection, projection, version)
    return dropped


@asynccontextmanager
async def _alone(connection: Connection, name: str) -> AsyncIterator[None]:
    if not await connection.fetchval(_sql()["hold"], name):
        raise GenerationError(f"{name} is being rebuilt by somebody else")
    try:
        yield
    finally:
        await connection.execute(_sql()["let_go"], name)


async def _first(connection: Connection, projection: Projection) -> None:
    await connection.execute(_sql()["create"], projection.name, 1)
    await _each_table(connection, projection, 1, "create")
    await _each_table(connection, projection, 1, "index")
    await connection.execute(_sql()["start"], projection.consumer, 1, 0)
    await _each_table(connection, projection, 1, "view")
    await connection.execute(_sql()["promote"], projection.name, 1)


async def _show(
    connection: Connection, projections: Mapping[str, Projection], projection: Projection, version: int
) -> None:
    name = projection.name
    try:
        shown = False
        while not shown:  # the live one may move on while we catch up
            await _catch_up(connection, projections, name, version)
            try:
                shown = await _swap(connection, projection, version)
            except asyncpg.DeadlockDetectedError:
                # Who feeds both moves both checkpoints in one statement, in an order of its own. Nothing was changed.
                log.info("trying again", action="projection.switch_again", projection=name, version=version)
    except asyncpg.LockNotAvailableError:
        raise GenerationError(f"{name} is being read by a long query; try again when it has ended") from None
    log.info("generation shown", action="projection.switched", projection=name, version=version)


async def _swap(connection: Connection, projection: Projection, version: int) -> bool:
    """Changes view and status while nobody can move either checkpoint; False when the new one is behind."""
    name = projection.name
    async with connection.transaction():
        await connection.execute(_sql()["lock"])
        await connection.execute("SELECT set_config('lock_timeout', $1, true)", DDL_LOCK_TIMEOUT)
        live = await connection.fetchrow(_sql()["live"], name)
        position = await connection.fetchval(_sql()["position"], name, version)
        if position is None:
            raise GenerationError(f"{name} generation {version} is gone")
        if live is not None and position < live["position"]:
            return False
        await connection.execute(_sql()["retire"], name)
        await connection.execute(_sql()["promote"], name, version)
        await _each_table(connection, projection, version, "view")
        fault_point("rebuild.swapping")
    fault_point("rebuild.swapped")
    return True


async def _catch_up(
    connection: Connection, projections: Mapping[str, Projection], name: str, version: int
) -> None:
    feeder = Feeder(connection, batch_max=CATCH_UP_BATCH, projections=projections, only={(name, version)})
    await feeder.catch_up()


async def _droppable(connection: Connection, name: str) -> list[int]:
    return [row["version"] for row in await connection.fetch(_sql()["droppable"], name)]


async def _drop(connection: Connection, projection: Projection, version: int) -> None:
    """Step by step, each committed: who feeds it holds its tables and wants its checkpoint, so holding both would be a deadlock.

    What a crash leaves half done is still listed, and dropped the next time.
    """
    async with connection.transaction():
        await connection.execute(_sql()["lock"])
        if not await connection.fetchval(_sql()["unread"], projection.name, version):
            return  # somebody shows it again
        await connection.execute(_sql()["stop"], projection.name, version)
    fault_point("rebuild.dropping")
    await _each_table(connection, projection, version, "drop")
    await connection.execute(_sql()["forget"], projection.name, version)


async def _each_table(connection: Connection, projection: Projection, version: int, statement: str) -> None:
    for table in projection.tables:
        await connection.execute(table_sql(table.name, version)[statement], timeout=DDL_SECONDS)


def _known(name: str, projections: Mapping[str, Projection]) -> Projection:
    if name not in projections:
        known: Sequence[str] = sorted(projections)
        raise GenerationError(f"there is no projection {name}; there are {', '.join(known)}")
    return projections[name]


def _sql() -> dict[str, str]:
    return load("versions.sql", PACKAGE)

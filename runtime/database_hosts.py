"""One connection to PostgreSQL, wherever of several hosts it takes writes now, and to nothing in between.

asyncpg tries the hosts of an address in turn too, but with one time limit for all of them: behind a host that lost its power, and answers
nothing at all, the next one is never reached. Here each host has its share, and the one that answered last is asked first.
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from runtime.settings.urls import database_hosts, place
from schemas.errors import ConfigurationError

CONNECT_SECONDS = 10.0
"""For who names no limit."""

# "This host is away, or gave up on us": the next one may be there.
_AWAY = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.InterfaceError,
         asyncpg.AdminShutdownError, asyncpg.CrashShutdownError, asyncpg.InternalClientError)  # fmt: skip
# A pooler that hands its servers to somebody else between two transactions: statements that were prepared are somewhere else.
_LOST_STATEMENTS = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)
_REFUSED_BY_A_POOLER = "unsupported startup parameter"

_answered_last: dict[str, str] = {}


class NoHostTakesWrites(ConnectionError):
    """Hosts answer, and none of them is what `target_session_attrs` asks for: a promotion is on its way, or nobody ordered one."""


class PoolerInBetween(ConfigurationError):
    """The address leads to a connection pooler, which keeps no session for us."""

    def __init__(self, where: str) -> None:
        super().__init__(
            f"LUNAS_DATABASE_URL leads to a connection pooler at {where} (pgbouncer or the like) and not to PostgreSQL itself. "
            "lunas keeps its own pools, and needs sessions: for its role and limits, prepared statements, LISTEN, and the locks of leaders. "
            "Name PostgreSQL's own address; with a standby name both hosts and target_session_attrs=read-write"
        )


async def open_connection(
    dsn: str, *, timeout: float = CONNECT_SECONDS, **options: Any
) -> asyncpg.Connection[asyncpg.Record]:
    """`asyncpg.connect` to the first host that will do, within `timeout` seconds for all of them.

    Raises the last host's connection error when there is none, PoolerInBetween, and what asyncpg raises otherwise.
    """
    hosts = _in_order(dsn)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    last: BaseException | None = None
    for place_in_line, host in enumerate(hosts):
        share = (deadline - loop.time()) / (len(hosts) - place_in_line)
        try:
            connection = await _to_one(host, share, options)
        except asyncpg.TooManyConnectionsError:
            raise  # it is there, and takes nobody any more: another host would be another database
        except _AWAY as error:
            # What a host that is there says is worth more than that another one is not.
            last = error if last is None or not isinstance(last, NoHostTakesWrites) else last
        else:
            _answered_last[dsn] = host
            return connection
    assert last is not None
    raise last


def _in_order(dsn: str) -> list[str]:
    """Every host's address, the one that answered last first: after a promotion the old primary may be a black hole, or a zombie."""
    hosts = list(database_hosts(dsn))
    last = _answered_last.get(dsn)
    return [last, *(host for host in hosts if host != last)] if last in hosts else hosts


async def _to_one(host: str, seconds: float, options: dict[str, Any]) -> asyncpg.Connection[asyncpg.Record]:
    try:
        async with asyncio.timeout(seconds):
            connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
                host, timeout=seconds, **options
            )
            try:
                await _no_pooler(connection, host)
            except BaseException:
                connection.terminate()
                raise
    except asyncpg.TargetServerAttributeNotMatched as error:
        raise NoHostTakesWrites(f"{place(host)} does not take writes now") from error
    except asyncpg.ProtocolViolationError as error:
        if _REFUSED_BY_A_POOLER in str(error):
            raise PoolerInBetween(place(host)) from error
        raise
    return connection


async def _no_pooler(connection: asyncpg.Connection[asyncpg.Record], host: str) -> None:
    """Who greeted us says a number of its own; PostgreSQL's is that of the process that works for us."""
    try:
        works_for_us = await connection.fetchval("SELECT pg_catalog.pg_backend_pid()")
    except _LOST_STATEMENTS as error:
        raise PoolerInBetween(place(host)) from error
    if works_for_us != connection.get_server_pid():
        raise PoolerInBetween(place(host))

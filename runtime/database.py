"""PostgreSQL connections of a process: one pool, opened and closed in one place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import asyncpg
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, wait_fixed

from runtime.database_hosts import open_connection
from runtime.logs import get_logger
from runtime.outage import DATABASE
from runtime.sockets import DEAD_PEER_SECONDS, notice_dead_peer

if TYPE_CHECKING:
    from runtime.settings import Settings

# Text, because asyncpg's classes take no parameters at run time.
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

T = TypeVar("T")

# What "the database is away or gave up on us" looks like through asyncpg.
CONNECTION_ERRORS = (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError,
                     asyncpg.TooManyConnectionsError, asyncpg.InterfaceError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError,
                     # Asked on a connection whose server has said goodbye already, and not hung up yet.
                     asyncpg.InternalClientError)  # fmt: skip
# That, and a database that is there and takes nothing now: its disk is full or broken, its memory is used up, it is being stopped, or is read-only.
OUTAGE_ERRORS = (asyncpg.InsufficientResourcesError, asyncpg.OperatorInterventionError, asyncpg.PostgresSystemError,
                 asyncpg.ReadOnlySQLTransactionError, *CONNECTION_ERRORS)  # fmt: skip
CLOSE_BUDGET_SECONDS = 5.0
RETRY_PAUSE_SECONDS = 0.5

log = get_logger(__name__)


# Prepared statements keep the plan they got first. On a young database that is a scan of an empty table, and it would stay one while the
# table grows, until the first automatic ANALYZE. Statements of a process on its hot path are all look-ups by index: plan them so from the start.
BY_INDEX = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}

# Planning such a statement anew for its arguments takes longer than running it, and finds the same plan.
PLAN_ONCE = {"plan_cache_mode": "force_generic_plan"}


def server_settings(settings: Settings, process: str, role: str | None = None) -> dict[str, str]:
    """Session defaults sent while connecting, so that neither RESET ALL nor a pooled connection can lose them.

    `role` is the database role the process works as. `search_path` is set here because a role's own setting
    applies to its logins only, not to SET ROLE.
    """
    session = {
        "application_name": f"lunas-{process}",
        "timezone": "UTC",
        "search_path": "lunas",
        "lock_timeout": str(settings.database_lock_timeout_ms),
        "idle_in_transaction_session_timeout": str(settings.database_idle_in_transaction_timeout_ms),
        "tcp_keepalives_idle": str(settings.database_keepalive_idle_seconds),
        # The server's end: a client that vanished may hold the lock that every append waits for.
        "tcp_keepalives_interval": str(DEAD_PEER_SECONDS // 4),
        "tcp_keepalives_count": "2",
        "tcp_user_timeout": str(DEAD_PEER_SECONDS * 1000),
        # Statements here take milliseconds; compiling one takes a hundred of them.
        "jit": "off",
    }
    return session | ({"role": role} if role else {})


async def connect(dsn: str, **options: Any) -> asyncpg.Connection[asyncpg.Record]:
    """A connection of a process: whether the database is away is told once, when that changes. Raises what `open_connection` raises."""
    try:
        connection = await open_connection(dsn, **options)
    except asyncpg.TooManyConnectionsError:
        # It is there, and others are connected; one of those may be this process.
        raise
    except CONNECTION_ERRORS as error:
        DATABASE.began(error)
        raise
    DATABASE.ended()
    # asyncpg opens its socket itself and names it nowhere in public; without the name, only these limits are missing.
    transport = getattr(connection, "_transport", None)
    if transport is not None:
        notice_dead_peer(transport.get_extra_info("socket"))
    return connection


def _not_told_yet(record: logging.LogRecord) -> bool:
    """asyncpg writes a traceback whenever it cannot refill a pool; that the database is away was told by `connect`."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, CONNECTION_ERRORS)


@asynccontextmanager
async def open_pool(
    settings: Settings,
    process: str,
    *,
    role: str | None = None,
    max_size: int | None = None,
    by_index: bool = False,
    plan_once: bool = False,
) -> AsyncIterator[Pool]:
    """The pool of one process; `by_index` for one whose statements are all look-ups by index, `plan_once` when their plans do not
    depend on the arguments either. Waits while the database is starting, up to `database_start_timeout_seconds`.

    Raises the last connection error when the database stays away, ConfigurationError when no address is set.
    """
    size = max_size or settings.database_pool_max
    logging.getLogger("asyncpg.pool").addFilter(_not_told_yet)
    pool = await patiently(
        lambda: _pool_of(
            dsn=settings.require_database_url(),
            connect=connect,
            min_size=min(settings.database_pool_min, size),
            max_size=size,
            timeout=settings.database_connect_timeout_seconds,
            command_timeout=settings.database_command_timeout_seconds,
            server_settings=server_settings(settings, process, role)
            | (BY_INDEX if by_index else {})
            | (PLAN_ONCE if plan_once else {}),
            # Such a process leaves nothing behind in a session (no SET, no LISTEN outside a transaction): one round trip less per use.
            reset=_nothing if by_index and role else None,
        ),
        budget_seconds=settings.database_start_timeout_seconds,
        told=_not_there_yet,
    )
    try:
        yield pool
    finally:
        await _close(pool)


@asynccontextmanager
async def open_standby_pool(settings: Settings, process: str, role: str) -> AsyncIterator[Pool]:
    """A pool of sessions that only read, at `database_read_url`, for statements that are look-ups by index. Nothing is waited for: a standby that is
    away is noticed by whoever asks it, and is no outage of the database."""
    address = settings.database_read_url
    assert address is not None
    logging.getLogger("asyncpg.pool").addFilter(_not_told_yet)
    pool = await _pool_of(
        dsn=address.get_secret_value(),
        connect=open_connection,
        min_size=0,
        max_size=settings.database_pool_max,
        timeout=settings.database_connect_timeout_seconds,
        command_timeout=settings.database_command_timeout_seconds,
        server_settings=server_settings(settings, process, role)
        | BY_INDEX
        | PLAN_ONCE
        | {"default_transaction_read_only": "on"},
        reset=_nothing,
    )
    try:
        yield pool
    finally:
        await _close(pool)


async def _pool_of(**options: Any) -> Pool:
    pool: Pool = await asyncpg.create_pool(**options)
    return pool


async def _nothing(_connection: object) -> None:
    """A session that needs no cleaning up."""


def is_there(connection: Connection) -> bool:
    """Whether anything can still be asked of it. One whose pool was ended answers no question, not even whether it is closed."""
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:
        return False


async def patiently(
    attempt: Callable[[], Awaitable[T]],
    *,
    budget_seconds: float,
    told: Callable[[BaseException], None] = lambda _: None,
) -> T:
    """The result of `attempt`, repeated while the database is not there, for `budget_seconds` at most. Raises the last error of the
    connection, and any other at once. `told` hears of every attempt that is followed by another."""

    async def once() -> T:
        return await attempt()

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is not None:
            told(error)

    retrying = AsyncRetrying(
        retry=retry_if_exception_type(CONNECTION_ERRORS),
        stop=stop_after_delay(budget_seconds),
        wait=wait_fixed(RETRY_PAUSE_SECONDS),
        before_sleep=tell,
        reraise=True,
    )
    return await retrying(once)


def _not_there_yet(error: BaseException) -> None:
    if not DATABASE.explains(error):
        log.warning("database not reachable yet", action="database.wait", error=type(error).__name__)


async def _close(pool: Pool) -> None:
    try:
        async with asyncio.timeout(CLOSE_BUDGET_SECONDS):
            await pool.close()
    except TimeoutError:
        log.warning("connections still in use were cut", action="database.terminate")
        pool.terminate()

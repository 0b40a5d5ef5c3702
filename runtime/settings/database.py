"""PostgreSQL: address, pool sizes and timeouts."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class DatabaseSettings(BaseModel):
    """Every wait on the database ends by itself."""

    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL address with credentials; a private instance when unset. May name several hosts: "
        "`postgresql://user:password@h1:5432,h2:5432/db?target_session_attrs=read-write`.",
    )
    database_read_url: SecretStr | None = Field(
        None,
        description="PostgreSQL address of a standby that answers the API's read calls while it is near enough; unset: the database itself does. "
        "May name several hosts: `postgresql://user:password@h2:5432,h1:5432/db`.",
    )
    standby_most_lag_seconds: float = Field(
        2.0,
        gt=0,
        description="A standby that is further behind answers nothing, the database itself does; longer than a restart of its replay, shorter than anybody "
        "waits for a balance.",
    )
    standby_look_seconds: float = Field(
        0.5,
        gt=0,
        description="How often the standby is compared with the database. `lag_seconds` of its answers is as much longer, because nobody knows what came since.",
    )
    database_pool_min: int = Field(1, ge=0, description="Connections kept open by a process.")
    database_pool_max: int = Field(
        8, ge=1, description="Connections a process opens at most; five processes stay under 100."
    )
    database_connect_timeout_seconds: float = Field(
        5.0, gt=0, description="Longest wait for a new connection."
    )
    database_start_timeout_seconds: float = Field(
        60.0,
        ge=0,
        description="How long a starting process and `lunas migrate` wait for the database; a container start is often slower than ours.",
    )
    database_acquire_timeout_seconds: float = Field(
        5.0, gt=0, description="Longest wait for a free pooled connection."
    )
    database_command_timeout_seconds: float = Field(
        30.0,
        gt=0,
        description="Longest statement; the slowest of ours, a full batch, ends in well under a second.",
    )
    database_migration_lock_ms: int = Field(
        2_000,
        ge=1,
        description="How long a migration waits for a lock before it lets everybody pass who waits behind it, and tries again a second later. A webhook "
        "waits as long at most.",
    )
    database_migration_patience_seconds: float = Field(
        300.0,
        ge=0,
        description="How long it tries: then somebody's transaction is open for longer than any of ours, `lunas doctor` names it, and nothing was changed.",
    )
    database_lock_timeout_ms: int = Field(
        10_000,
        ge=1,
        description="Longest wait for a lock; longer than any transaction of ours, shorter than the command timeout.",
    )
    database_idle_in_transaction_timeout_ms: int = Field(
        10_000,
        ge=1,
        description="The server ends a transaction in which nothing is asked for so long: that of a process that stands still (frozen, paged out) "
        "may hold the lock that every append waits for. Ours pause for milliseconds.",
    )
    database_keepalive_idle_seconds: int = Field(
        4,
        ge=1,
        description="Quiet time before the server's first TCP keepalive probe; two more, of 2 s each, and a client that vanished is let go.",
    )

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
    database_lock_timeout_ms: int = Field(
        10_000,
        ge=1,
        description="Longest wait for a lock; longer than any transaction of ours, shorter than the command timeout.",
    )
    database_idle_in_transaction_timeout_ms: int = Field(
        60_000, ge=1, description="A forgotten open transaction would hold back vacuum; the server ends it."
    )
    database_keepalive_idle_seconds: int = Field(
        30, ge=1, description="Quiet time before the first TCP keepalive probe."
    )

"""A database address with several hosts: one that is dead does not keep a process from its database."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from runtime.database import open_pool
from runtime.settings import Settings


async def test_a_dead_first_host_leads_to_the_second(
    settings: Callable[..., Settings], database_url: str
) -> None:
    parts = urlsplit(database_url)
    url = f"{database_url.replace(f'{parts.hostname}:{parts.port}', f'127.0.0.1:1,{parts.hostname}:{parts.port}')}?target_session_attrs=read-write"
    async with open_pool(settings(database_url=url), "test") as pool:
        assert not await pool.fetchval("SELECT pg_is_in_recovery()")

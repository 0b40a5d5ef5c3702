"""A database that takes nothing now is "come back later", whatever word it has for that; only what is ours is an error of ours."""

from __future__ import annotations

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from api.gate import answer_problems


async def _answer(error: Exception) -> tuple[int, str | None, str]:
    async def handler(_request: web.Request) -> web.StreamResponse:
        raise error

    app = web.Application(middlewares=[answer_problems])
    app.router.add_get("/v1/anything", handler)
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/v1/anything")
        code = (await answer.json(content_type=None))["code"]
        return answer.status, answer.headers.get("Retry-After"), code


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DiskFullError("could not extend file"),
        asyncpg.OutOfMemoryError("out of memory"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
        asyncpg.PostgresIOError("could not read block 7"),
        asyncpg.AdminShutdownError("terminating connection"),
        asyncpg.DeadlockDetectedError("deadlock detected"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_database_that_takes_nothing_now_is_503_and_says_when(error: Exception) -> None:
    assert await _answer(error) == (503, "1", "unavailable")


async def test_a_bug_of_ours_is_500_and_tells_nothing() -> None:
    assert await _answer(asyncpg.UndefinedColumnError("secret")) == (500, None, "internal_error")

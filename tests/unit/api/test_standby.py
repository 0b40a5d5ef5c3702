"""When a standby may answer read calls: judged by what both servers said at the last look."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from api.reads.standby import Standby, StandbyMetrics, _either
from runtime.metrics import new_registry
from runtime.settings import load_settings
from schemas.problems import Problem

HOUR = 3600.0


class Server:
    """Stands in for one: read models at positions, and how old the oldest event is that they do not reflect; or an error."""

    def __init__(self, *positions: int, behind: float | None = None) -> None:
        self.positions, self.behind = positions, behind
        self.error: Exception | None = None

    async def fetch(self, _statement: str) -> Sequence[Mapping[str, Any]]:
        if self.error is not None:
            raise self.error
        return [{"name": str(each), "position": each} for each in self.positions]

    @asynccontextmanager
    async def acquire(self, **_options: object) -> AsyncIterator[Server]:
        yield self

    async def fetchval(self, _statement: str, *_values: object) -> float | None:
        return self.behind


def standby(near: Server, database: Server, most: float = HOUR) -> Standby:
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_STANDBY_MOST_LAG_SECONDS": str(most)})
    return Standby(near, database, settings, StandbyMetrics(new_registry()))  # type: ignore[arg-type]


async def test_before_the_first_look_it_is_not_asked() -> None:
    one = standby(Server(7), Server())
    assert not one.may_answer()
    await one.look()
    assert one.may_answer()


async def test_its_slowest_read_model_says_which_positions_it_reflects() -> None:
    one = standby(Server(9, 7, 8), Server())
    await one.look()
    assert one.may_answer(7)
    assert not one.may_answer(8)


async def test_further_behind_than_allowed_it_is_not_asked_and_says_why() -> None:
    database = Server(behind=30.0)
    one = standby(Server(7), database, most=20.0)
    await one.look()
    assert (one.may_answer(), one.note()) == (False, "reads come from the database itself")
    assert one.lag >= 30.0
    database.behind = None
    await one.look()
    assert (one.may_answer(), one.note()) == (True, None)


async def test_one_without_read_models_is_not_asked() -> None:
    one = standby(Server(), Server())
    await one.look()
    assert not one.may_answer()


def request() -> web.Request:
    return make_mocked_request("GET", "/v1/ledger")


@pytest.mark.parametrize(
    ("says", "asked_again"),
    [
        (asyncpg.SerializationError("canceling statement due to conflict with recovery"), False),
        (ConnectionRefusedError(), False),
        (Problem("unavailable"), True),
    ],
    ids=["conflict", "away", "empty"],
)
async def test_what_it_cannot_answer_the_database_answers(says: Exception, asked_again: bool) -> None:
    one = standby(Server(7), Server())
    await one.look()

    async def there(_request: web.Request) -> web.StreamResponse:
        raise says

    async def here(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="the database")

    answered = await _either(there, here, one)(request())
    assert isinstance(answered, web.Response)
    assert answered.text == "the database"
    assert one.may_answer() is asked_again


async def test_what_is_not_there_is_not_asked_for_twice() -> None:
    one = standby(Server(7), Server())
    await one.look()

    async def there(_request: web.Request) -> web.StreamResponse:
        raise Problem("customer_not_found")

    async def here(_request: web.Request) -> web.StreamResponse:
        raise AssertionError

    with pytest.raises(Problem) as raised:
        await _either(there, here, one)(request())
    assert raised.value.kind.code == "customer_not_found"

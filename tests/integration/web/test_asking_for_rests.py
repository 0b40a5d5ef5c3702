"""The console's page of money that less came for: the rest is asked for there, by who may act, and the page says that it was."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from runtime.database import open_pool
from runtime.settings import Settings
from tests.console_visits import Doors, employ, nothing, opened_console
from tests.integration.console.short_money import short_money
from tests.integration.web.conftest import signed_in


@pytest.fixture
async def short(
    database_url: str, settings: Callable[..., Settings], store: asyncpg.Connection
) -> AsyncIterator[tuple[Doors, str]]:
    """A console, and the address of its page."""
    given = settings(database_url=database_url)
    async with open_pool(given, "test") as pool:
        entry = await short_money(pool, store)
    for name, role in (("sari", "operator"), ("budi", "operator"), ("vina", "viewer")):
        await employ(database_url, name, role)  # type: ignore[arg-type]
    async with opened_console(given, nothing) as doors:
        yield doors, f"/suspense/{entry}"


async def test_c61_the_rest_is_asked_for_on_the_page_and_it_says_so_in_two_languages(
    short: tuple[Doors, str], store: asyncpg.Connection
) -> None:
    doors, place = short
    sari, budi = await signed_in(doors, "sari"), await signed_in(doors, "budi")
    assert "Ask for the rest" in await sari.open(f"{place}?lang=en")
    await sari.send(place, f"{place}/ask-rest", 400)
    done = await sari.send(place, f"{place}/ask-rest", reason="came up short")
    assert "came up short" in await sari.open(f"{done.headers['Location']}&lang=en")
    page = await budi.open(f"{place}?lang=en")
    assert "The rest was asked for: Rp 30,000" in page
    assert "by sari" in page
    assert f"{place}/ask-rest" not in page
    assert "Sisanya sudah diminta: Rp 30.000" in await budi.open(f"{place}?lang=id")
    again = await budi.send(f"{place}?lang=en", f"{place}/ask-rest", 409, reason="me too")
    assert "sari" in await again.text()
    assert await store.fetchval("SELECT count(*) FROM rests_asked_for") == 1


async def test_c161_who_only_looks_asks_nobody(short: tuple[Doors, str], store: asyncpg.Connection) -> None:
    doors, place = short
    vina = await signed_in(doors, "vina")
    page = await vina.open(f"{place}?lang=en")
    assert f"{place}/ask-rest" not in page
    answer = await vina.client.post(f"{place}/ask-rest", data={"reason": "x"}, allow_redirects=False)
    assert answer.status == 403
    assert await store.fetchval("SELECT count(*) FROM rests_asked_for") == 0

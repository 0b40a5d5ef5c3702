"""Acts that move much money, through the console: proposed on their own page, and done once another person agrees."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from runtime.settings import Settings
from tests.console_visits import Doors, Visitor, employ, nothing, opened_console
from tests.integration.web.conftest import signed_in
from tests.integration.web.test_acting import refundable
from tests.integration.web.test_caring import told
from tests.scene import ORDER, play


@pytest.fixture
async def strict(database_url: str, settings: Callable[..., Settings]) -> AsyncIterator[Doors]:
    """A console where any rupiah takes two, and an approver is named."""
    given = settings(database_url=database_url, correction_approval_idr=0)
    await play(given, count=20)
    for name, role in (("sari", "operator"), ("vina", "viewer"), ("ayu", "approver")):
        await employ(database_url, name, role)  # type: ignore[arg-type]
    async with opened_console(given, nothing) as doors:
        yield doors


async def _agreed(sari: Visitor, ayu: Visitor, page: str, act: str, **said: str) -> str:
    """What sari asks for on a page and ayu lets be done; where the proposal is."""
    asked = await sari.send(page, act, reason="because", **said)
    place = asked.headers["Location"]
    assert place.startswith("/corrections/")
    assert place in await ayu.open("/corrections?status=proposed")
    shown = await sari.open(f"{place}?lang=en")
    assert "You proposed it" in shown
    assert "As it was read before" not in shown  # nothing was read otherwise: it is an act
    assert f'action="{place}/approve"' not in shown
    assert "waits for another person already" in await told(sari, page, act, 409, reason="once more", **said)
    done = await ayu.send(place, f"{place}/approve", reason="seen the receipt")
    assert "seen the receipt" in await ayu.open(done.headers["Location"])
    return place


async def test_c161_in_the_console_much_money_moves_once_another_person_agrees(
    strict: Doors, store: asyncpg.Connection
) -> None:
    sari, ayu = await signed_in(strict, "sari"), await signed_in(strict, "ayu")
    payment = await refundable(store)
    await _agreed(sari, ayu, payment, f"{payment}/refund")
    assert await store.fetchval("SELECT actor FROM operator_acts WHERE verb = 'payments.refund'") == "sari"
    confirmed = await _agreed(sari, ayu, f"/orders/{ORDER}", f"/orders/{ORDER}/confirm", proof="BCA 1")
    by = "SELECT actor FROM operator_acts WHERE verb = 'manual.confirm'"
    assert await store.fetchval(by) == "sari"
    held = await store.fetchval(
        "SELECT suspense_id FROM suspense WHERE status = 'held' AND amount > 0 LIMIT 1"
    )
    written = await _agreed(sari, ayu, f"/suspense/{held}", f"/suspense/{held}/write-off")
    assert "suspense.write_off" in await sari.open(f"{written}?lang=en")
    back = await sari.send(written, f"{written}/revert", reason="it is somebody's")
    assert "it is somebody" in await sari.open(back.headers["Location"])
    assert "ayu" in await told(ayu, confirmed, f"{confirmed}/approve", 409, reason="again", where=ORDER)

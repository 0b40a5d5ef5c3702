"""Orders paid outside any provider, through the console: confirmed once with a proof, rejected, taken back, and by nobody who may only look."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest

from runtime.database import Pool, open_pool
from runtime.settings import Settings
from tests.console_visits import Doors, employ, nothing, opened_console
from tests.integration.web.conftest import signed_in
from tests.integration.web.test_caring import told
from tests.scene import ORDER, order_by_hand, play, settle

PLACE = f"/orders/{ORDER}"
OTHER = "req_" + "0" * 31 + "8"


@pytest.fixture
def given(database_url: str, settings: Callable[..., Settings]) -> Settings:
    return settings(database_url=database_url)


@pytest.fixture
async def pool(given: Settings) -> AsyncIterator[Pool]:
    async with open_pool(given, "test") as opened:
        yield opened


@pytest.fixture
async def desk(given: Settings, database_url: str, pool: Pool) -> AsyncIterator[Doors]:
    await play(given, count=5)
    async with pool.acquire() as connection:
        await order_by_hand(connection, OTHER, "pelanggan-001")
    await settle(pool)
    for name, role in (("sari", "operator"), ("budi", "operator"), ("vina", "viewer")):
        await employ(database_url, name, role)  # type: ignore[arg-type]
    async with opened_console(given, nothing) as doors:
        yield doors


async def courses(store: asyncpg.Connection) -> list[str]:
    return [row["course"] for row in await store.fetch("SELECT course FROM enrollments WHERE order_id = $1 AND status = 'active'", ORDER)]  # fmt: skip


async def test_an_order_is_confirmed_once_with_its_proof_and_can_be_taken_back(
    desk: Doors, store: asyncpg.Connection, pool: Pool
) -> None:
    sari, budi = await signed_in(desk, "sari"), await signed_in(desk, "budi")
    listed = await sari.open("/orders?lang=en")
    assert "Rp 300,000 waits for somebody who has seen it · orders: 2" in listed
    assert "lunas manual list" in listed
    page = await sari.open(f"{PLACE}?lang=en")
    assert "kelas-python" in page
    assert f"lunas manual confirm {ORDER} --reason" in page
    await sari.send(PLACE, f"{PLACE}/confirm", 400, proof="BCA 0612-7741")  # no reason
    done = await sari.send(PLACE, f"{PLACE}/confirm", reason="seen on the statement", proof="BCA 0612-7741")
    assert f"lunas manual unconfirm {ORDER}" in await sari.open(done.headers["Location"])
    refused = await told(budi, f"/orders/{OTHER}", f"{PLACE}/confirm", 409, reason="me too")
    assert "sari" in refused
    await settle(pool)
    assert await courses(store) == ["kelas-python"]
    page = await budi.open(f"{PLACE}?lang=en")
    assert "Proof of payment: BCA 0612-7741" in page
    assert "seen on the statement" in page
    assert f'action="{PLACE}/confirm"' not in page
    assert ORDER not in await sari.open("/orders")
    assert ORDER in await sari.open("/orders?all=1")
    undone = await budi.send(PLACE, f"/payments/manual/{ORDER}/unconfirm", reason="another transfer")
    assert undone.headers["Location"].startswith("/corrections/")
    await settle(pool)
    assert await courses(store) == []
    assert f'action="{PLACE}/confirm"' in await sari.open(PLACE)
    await sari.send(PLACE, f"{PLACE}/confirm", reason="now it is there", proof="BCA 0613-1")
    await settle(pool)
    assert await courses(store) == ["kelas-python"]


async def test_an_order_is_rejected_once_and_says_so(
    desk: Doors, store: asyncpg.Connection, pool: Pool
) -> None:
    sari, budi = await signed_in(desk, "sari"), await signed_in(desk, "budi")
    await sari.send(PLACE, f"{PLACE}/reject", reason="never came")
    for act in ("reject", "confirm"):
        assert "sari" in await told(budi, f"/orders/{OTHER}", f"{PLACE}/{act}", 409, reason="me too")
    await settle(pool)
    page = await budi.open(f"{PLACE}?lang=id")
    assert "ditolak" in page
    assert '<form method="post" action="/orders' not in page
    assert ORDER not in await sari.open("/orders")
    assert await courses(store) == []


async def test_who_may_only_look_acts_on_none_and_what_is_no_manual_order_is_not_found(
    desk: Doors, store: asyncpg.Connection
) -> None:
    vina = await signed_in(desk, "vina")
    assert f'action="{PLACE}/confirm"' not in await vina.open(PLACE)
    page = await vina.open("/replay")
    csrf = page.partition('name="csrf" value="')[2][:64]
    for act in ("confirm", "reject"):
        answer = await vina.client.post(f"{PLACE}/{act}", data={"csrf": csrf, "reason": "x"})
        assert answer.status == 403
    sari = await signed_in(desk, "sari")
    await store.execute("UPDATE payment_requests SET provider = 'xendit' WHERE request_id = $1", OTHER)
    for unknown in (OTHER, "req_none", "a" * 300):
        await sari.open(f"/orders/{unknown}", 404)
    await sari.send(PLACE, f"/orders/{OTHER}/confirm", 404, reason="x")
    assert await store.fetchval("SELECT count(*) FROM operator_acts WHERE verb LIKE 'manual.%'") == 0

"""A top-up of ours that less came for, as the command finds it."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from processor.fulfilment.catalog_source import publish_catalog
from projections.feeder import Feeder
from runtime.database import Pool
from runtime.ids import utc_now
from schemas import request_facts as r
from schemas.facts import CustomerRegistered
from tests.integration.processor.fulfilment.test_rounds import settle, write
from tests.unit.processor.cases.facts import capture
from tests.unit.processor.policies.ledgerbook import shipped_catalog

ASKED, CAME = 50_000, 20_000
REQUEST = "req_" + "0" * 31 + "1"


async def shown(pool: Pool, store: asyncpg.Connection) -> None:
    """Decided, and in the read models."""
    await settle(pool)
    await Feeder(store, batch_max=100).catch_up()


async def short_money(pool: Pool, store: asyncpg.Connection, customer: str = "c1") -> str:
    """The id under which it is held."""
    now = utc_now()
    await publish_catalog(pool, shipped_catalog())
    about = {"request_id": REQUEST, "reference": REQUEST, "provider": "xendit", "occurred_at": now}
    wish = {"kind": "topup", "customer_id": customer, "amount_idr": ASKED, "method": "va"}
    await write(
        pool,
        CustomerRegistered(customer_id=customer, email=f"{customer}@contoh.id", source="api"),
        r.CheckoutRequested(
            **about, **wish, channel="BNI_VIRTUAL_ACCOUNT", expires_at=now + timedelta(days=1)
        ),
        r.CheckoutOpened(**about, payment_key="pr-1", group_id="pr-1"),
        capture("py-1", "pr-1", CAME, reference_id=REQUEST, occurred_at=now),
    )
    await store.execute(
        "INSERT INTO payment_requests (request_id, kind, customer_id, provider, amount_idr, method, channel, status, payment_key, position,"
        " page_secret, page_digest) VALUES ($1, 'topup', $2, 'xendit', $3, 'va', 'BNI_VIRTUAL_ACCOUNT', 'open', 'pr-1', 1, 's', '\\x00')",
        REQUEST,
        customer,
        ASKED,
    )
    await shown(pool, store)
    held = await store.fetchval("SELECT suspense_id FROM suspense WHERE status = 'held'")
    assert held is not None
    return str(held)

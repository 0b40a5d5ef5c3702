"""A plan that is paid for and announced as a membership, on a real log: what links the two is kept between rounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from processor.fulfilment.catalog_source import publish_catalog
from runtime.database import Pool
from schemas import decisions as d
from schemas import facts as f
from schemas.event_model import EventModel
from schemas.periods import Period
from tests.integration.processor.fulfilment.test_rounds import decided, ratna, settle, write
from tests.unit.processor.cases.facts import licence, package, refund
from tests.unit.processor.policies.ledgerbook import club, permutations

PAID = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
ENDS = Period.parse("1 month").after(PAID) + timedelta(days=2)
"""As its provider counts a month: no further than that is what it states believed."""


def bought(sold: str = "klub-a") -> f.PaymentSucceeded:
    return package(sold, occurred_at=PAID, paid_at=PAID)


def joined(sold: str = "klub-a", ends: datetime = ENDS) -> f.SubscriptionReported:
    named = (f.ProductHint(kind="tier", value=sold),)
    return licence("activated", ends, products=named, occurred_at=PAID)


@pytest.fixture
async def log(pool: Pool) -> Pool:
    await publish_catalog(pool, club())
    return pool


async def one_by_one(pool: Pool, *facts: EventModel) -> None:
    """Each decided on by another worker."""
    for fact in facts:
        await write(pool, fact)
        await settle(pool)


@pytest.mark.parametrize("arrival", permutations([ratna(), bought(), joined()]))
async def test_c100_payment_and_activation_in_either_order_are_one_row(
    log: Pool, arrival: tuple[EventModel, ...]
) -> None:
    await one_by_one(log, *arrival)
    book = await decided(log)
    row = book.subscription("c1")
    assert (row.subscription_id, row.plan, row.status) == ("mayar:subscription:LCN-1", "klub-a", "active")
    assert (row.started_at, row.expires_at, book.tier("c1")) == (PAID, ENDS, "pro")


async def test_a_full_refund_ends_the_membership_across_rounds(log: Pool) -> None:
    back = refund(amount=75_000, payment="trx-1", provider="mayar", group_id=None, occurred_at=PAID)
    await one_by_one(log, ratna(), bought(), joined(), back)
    book = await decided(log)
    assert (book.subscription("c1").status, book.tier("c1")) == ("cancelled", "gratis")


async def test_a_name_that_decides_nothing_is_remembered_for_the_payment_that_uses_it(log: Pool) -> None:
    await one_by_one(log, ratna(), joined(), joined("klub-b", ENDS - timedelta(days=20)))
    said: list[Any] = (await decided(log)).decisions
    await one_by_one(log, bought("klub-b"))
    book = await decided(log)
    assert (book.subscription("c1").plan, book.of(d.SubscriptionMerged)) == ("klub-a", [])
    assert len(said) < len(book.decisions)

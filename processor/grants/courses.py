"""Courses: opened once per customer; several purchases of one bid for it (processor/cases/customer.py)."""

from __future__ import annotations

from msgspec.structs import replace

from processor.cases.payment_record import Granted
from processor.grants import postings, sales
from processor.grants.ledger import Ledger, Said
from schemas.corrections import CourseDated, CourseWithdrawn
from schemas.decisions import CourseEnrolled, CourseRevoked


def grant(ledger: Ledger, key: str, part: Granted) -> Said:
    """Open the course."""
    yield ledger.of_customer(
        part,
        CourseEnrolled(
            **ledger.granting(key, part),
            course=part.product,
            order_id=part.order_id,
            amount_idr=part.amount,
            at=ledger.at(part),
            postings=postings.sold(ledger.facts.provider, part.product, part.amount),
        ),
    )


def take_back(ledger: Ledger, key: str, part: Granted, refund_id: str, share: int, due: int) -> Said:
    """Its money goes back like that of a sale; with all of it the course is closed, or with the first of it, by the terms of the day."""
    yield from sales.take_back(ledger, key, part, refund_id, share, due)
    before = {one: rupiah for one, rupiah in part.refunds.items() if one != refund_id}
    if part.over and not replace(part, refunds=before).over:
        yield ledger.of_customer(
            part,
            CourseRevoked(
                **ledger.about(key, part),
                course=part.product,
                order_id=part.order_id or ledger.facts.payment_key,
                reason="refunded",
                at=ledger.world.now,
            ),
        )


def date(ledger: Ledger, key: str, before: Granted, part: Granted) -> Said:
    """It was paid at another time, or is known by another id, than we thought."""
    said = ledger.about(key, part)
    if not ledger.facts.orders:
        # Without an order a course is known by its payment, also where it was granted on the word of the request alone.
        said["payment_id"] = part.order_id
    yield ledger.of_customer(
        part,
        CourseDated(
            **said,
            course=part.product,
            order_id=part.order_id,
            former_order_id=before.order_id,
            at=ledger.at(part),
        ),
    )


def withdraw(ledger: Ledger, key: str, part: Granted) -> Said:
    """Another purchase has it, or nobody."""
    yield ledger.of_customer(
        part,
        CourseWithdrawn(
            **ledger.about(key, part),
            course=part.product,
            order_id=part.order_id or ledger.facts.payment_key,
            amount_idr=part.amount,
            reason=ledger.reason,
            at=ledger.world.now,
            postings=postings.sale_returned(ledger.facts.provider, part.product, part.left),
        ),
    )

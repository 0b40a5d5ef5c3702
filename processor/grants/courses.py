"""Courses: opened once per customer; several purchases of one bid for it (processor/cases/customer.py)."""

from __future__ import annotations

from msgspec.structs import replace

from processor.cases.payment_record import Granted
from processor.grants import postings, sales
from processor.grants.ledger import BookedPart, Said
from schemas.corrections import CourseDated, CourseWithdrawn
from schemas.decisions import CourseEnrolled, CourseRevoked


def grant(entry: BookedPart) -> Said:
    """Open the course."""
    part = entry.part
    yield entry.granted(
        CourseEnrolled,
        course=part.product,
        order_id=part.order_id,
        amount_idr=part.amount,
        postings=postings.sold(entry.provider, part.product, part.amount),
    )


def take_back(entry: BookedPart, refund_id: str, share: int, due: int) -> Said:
    """Its money goes back like that of a sale; with all of it the course is closed, or with the first of it, by the terms of the day."""
    yield from sales.take_back(entry, refund_id, share, due)
    part, order_id = entry.part, entry.order_id
    before = {one: rupiah for one, rupiah in part.refunds.items() if one != refund_id}
    if part.over and not replace(part, refunds=before).over:
        now = entry.ledger.world.now
        yield entry.said(CourseRevoked, course=part.product, order_id=order_id, reason="refunded", at=now)


def date(entry: BookedPart, before: Granted) -> Said:
    """It was paid at another time, or is known by another id, than we thought."""
    course, order_id = entry.part.product, entry.part.order_id
    said = {"course": course, "order_id": order_id, "former_order_id": before.order_id}
    if not entry.facts.orders:
        # Without an order a course is known by its payment, also where it was granted on the word of the request alone.
        said["payment_id"] = order_id
    yield entry.said(CourseDated, at=entry.at, **said)


def withdraw(entry: BookedPart) -> Said:
    """Another purchase has it, or nobody."""
    part = entry.part
    yield entry.withdrawn(
        CourseWithdrawn,
        course=part.product,
        order_id=entry.order_id,
        amount_idr=part.amount,
        postings=postings.sale_returned(entry.provider, part.product, part.left),
    )

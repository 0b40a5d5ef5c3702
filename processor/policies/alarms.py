"""What no policy can put right and an operator must see: told once, as a dead letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from processor.cases.parts import Part
from processor.cases.payment import PaymentFacts
from processor.cases.payment_record import Granted, PaymentRecord, Standing

Alarm = tuple[str, str]
"""What it is about, and why."""


def alarms_of(
    facts: PaymentFacts,
    record: PaymentRecord,
    parts: Sequence[Part],
    standing: Mapping[str, Standing],
    excessive: Sequence[str],
    *,
    unconfirmed: bool,
) -> tuple[Alarm, ...]:
    """Money that does not add up, a payment that was taken back by hand, an order that vanished after it was delivered, a dispute."""
    alarms: list[Alarm] = []

    def tell(detail: str, reason: str) -> None:
        alarms.append((detail, reason))

    if unconfirmed:
        tell(facts.payment_key, "payment_unconfirmed")
    for refund_id in excessive:
        tell(refund_id, "refund_exceeds_payment")
    if any(isinstance(part, Granted) for part in standing.values()):
        if facts.deleted_at is not None and facts.order_problem() != "order_deleted":
            tell(facts.payment_key, "order_deleted_after_payment")
        if facts.reversed():
            tell(facts.payment_key, "payment_reversed")
    for other in sorted(facts.contradicts):
        tell(f"{facts.payment_key} {other}", "ids_contradict")
    for dispute_id, dispute in sorted(facts.disputes.items()):
        tell(f"{dispute_id} {dispute.status}", "payment_disputed")
    for other in sorted(record.apart):
        tell(other, "payment_counted_twice")
    for part in parts:
        grant = standing.get(part.key)
        if isinstance(grant, Granted) and part.amount is not None and part.amount != grant.amount:
            tell(f"{facts.payment_key} {part.amount}", "amount_changed_after_grant")
    return tuple(alarms)

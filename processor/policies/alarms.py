"""What no policy can put right and an operator must see: told once, as a dead letter."""

from __future__ import annotations

from processor.cases.parts import Part
from processor.cases.payment import PaymentCase
from processor.cases.situation import Situation


def raise_alarms(case: PaymentCase, parts: list[Part], situation: Situation) -> None:
    """Money that does not add up, a payment that was taken back by hand, an order that vanished after it was delivered."""
    if case.grants and case.deleted_at is not None and case.order_problem() != "order_deleted":
        _tell(case, "order_deleted_after_payment", case.payment_key, situation)
    if case.grants and case.reversed():
        _tell(case, "payment_reversed", case.payment_key, situation)
    for other in sorted(case.counted_twice):
        _tell(case, "payment_counted_twice", other, situation)
    if case.sold and case.agreed and case.sold.value["gross_amount"] != case.agreed.value["gross_amount"]:
        _tell(
            case,
            "amount_changed_after_grant",
            f"{case.payment_key} {case.agreed.value['gross_amount']}",
            situation,
        )
    for part in parts:
        grant = case.grants.get(part.key)
        if grant is not None and part.amount is not None and part.amount != grant.amount_idr:
            _tell(case, "amount_changed_after_grant", f"{case.payment_key} {part.amount}", situation)


def _tell(case: PaymentCase, reason: str, detail: str, situation: Situation) -> None:
    if case.tell_once(f"{reason} {detail}"):
        situation.parked.append((detail, reason))

"""What a Xendit webhook is about: the name by which related deliveries find the same partition.

The payment request is in all events of a payment, in its refunds and in its hosted page; ids of attempts and captures change from one
event to the next, and a refund's `reference_id` is the refund's. A subscription is its plan: a charge that is announced by the cycle
and by a capture has no name that both carry and that the plan carries too.
"""

from __future__ import annotations

from providers.section import Section
from providers.xendit.payloads import unwrapped_refund
from providers.xendit.products import recognised

_REQUEST = ("payment_request_id", "id", "reference_id")
_PAYMENT = ("payment_id", "latest_payment_id", "id", "reference_id", "external_id")
_REFUND = ("payment_request_id", "invoice_id", "payment_id")
_CYCLE = ("plan_id", "recurring_plan_id")
_SESSION = ("payment_request_id", "recurring_plan_id", "reference_id", "payment_session_id")
_INVOICE = ("id", "external_id")


def subject(top: Section) -> str | None:
    """The request, invoice or plan; None when nothing is named. Raises UntranslatableError."""
    product = recognised(top)
    if product is not None:
        return product.data.first_identifier(
            "payment_request_id", "payment_id", "id", "reference_id", "external_id"
        )
    if not top.has("event"):
        return top.first_identifier(*_INVOICE)
    name = top.text("event") or ""
    data = top.section("data") if top.has("data") else top
    if name.startswith("refund."):
        return unwrapped_refund(data).first_identifier(*_REFUND)
    if name.startswith("recurring.cycle."):
        return data.first_identifier(*_CYCLE)
    if name.startswith("payment_session."):
        return data.first_identifier(*_SESSION)
    if name.startswith("recurring.plan."):
        return data.identifier("id")
    if name.startswith("payment_request."):
        return data.first_identifier(*_REQUEST)
    return _of_payment(data)


def _of_payment(data: Section) -> str | None:
    request, bare = data.identifier("payment_request_id"), data.text("id")
    if request is None and bare is not None and bare.startswith("pr-"):
        return bare
    return request or data.first_identifier(*_PAYMENT)

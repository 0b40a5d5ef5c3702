"""Facts about single payments: captures, authorizations, failures, expiries, invoices, refunds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from providers.fees import fee_beside
from providers.money import MOVED
from providers.section import Section
from providers.xendit import amounts, payloads
from providers.xendit.channels import method_of
from providers.xendit.events import (
    FAILURE_STATUSES,
    INVOICE_STATUSES,
    STATUSES,
    SUCCESS_STATUSES,
    UNDONE_STATUSES,
    Meaning,
)
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.event_model import unvalidated
from schemas.facts import (
    PaymentAuthorized,
    PaymentExpired,
    PaymentFact,
    PaymentFailed,
    PaymentPending,
    PaymentSettled,
    PaymentSucceeded,
    RefundFailed,
    RefundSucceeded,
)
from schemas.refund_facts import is_own_refund
from schemas.shape import shape, told
from schemas.translation import Fact

PROVIDER = "xendit"

_STATES: dict[Meaning, type[PaymentFact]] = {
    Meaning.SUCCEEDED: PaymentSucceeded,
    Meaning.AUTHORIZED: PaymentAuthorized,
    Meaning.PENDING: PaymentPending,
    Meaning.FAILED: PaymentFailed,
    Meaning.EXPIRED: PaymentExpired,
}
_BUILT: dict[type[PaymentFact], Callable[..., PaymentFact]] = {
    state: unvalidated(state) for state in _STATES.values()
}
"""Each value was read with its type, so nothing is left to validate."""
_INVOICE_STATES: dict[str, type[PaymentFact]] = {
    "succeeded": PaymentSucceeded,
    "settled": PaymentSettled,
    "expired": PaymentExpired,
    "pending": PaymentPending,
}


def payment(
    event_name: str, meaning: Meaning, data: Section, received_at: datetime, further: tuple[str, ...] = ()
) -> Fact:
    """A payment event of any generation; `further` are more ids it is known by. Raises UntranslatableError or AmountError."""
    data.require_rupiah()
    request_event = event_name.startswith("payment_request.")
    status = data.status("status")
    state = _state(meaning, (status or "").upper(), status_required=request_event)
    paid = state is PaymentSucceeded
    captures = payloads.captures_of(data) if paid else payloads.NO_CAPTURES
    ids = payloads.payment_ids(data, captures, request_event=request_event, further=further)
    occurred = payloads.paid_at(data, captures) if paid else data.moment("updated", "created")
    channel, method = payloads.channel_and_method(data)
    metadata = data.section("metadata")
    event = _BUILT[state](
        provider=PROVIDER,
        payment_key=ids.key,
        attempt_id=ids.attempt_id,
        group_id=ids.group_id,
        reusable=data.text("type") == "REUSABLE_PAYMENT_CODE",
        aliases=ids.aliases,
        amount=payloads.received_amount(data, captures) if paid else None,
        requested_amount=payloads.requested_amount(data, paid=paid),
        method=method,
        channel=channel,
        payment_type=metadata.text("payment_type"),
        reference_id=ids.reference_id,
        customer_ref=metadata.reference("customer_id"),
        payer_email=metadata.email("payer_email"),
        provider_status=status,
        failure_code=data.text("failure_code"),
        token_only=True,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
        paid_at=occurred if paid else None,
    )
    return Fact(streams.payment(PROVIDER, ids.key), event)


def _state(meaning: Meaning, status: str, *, status_required: bool) -> type[PaymentFact]:
    """The fact a name and a status agree on. Raises UntranslatableError when they contradict each other."""
    if meaning is Meaning.BY_STATUS:
        if status == "VOIDED" or status in UNDONE_STATUSES:
            raise UntranslatableError(MOVED)
        if status in SUCCESS_STATUSES:
            return PaymentSucceeded
        if status in FAILURE_STATUSES:
            return PaymentFailed
        if status == "AUTHORIZED":
            return PaymentAuthorized
        if status in ("PENDING", "ACTIVE", "REQUIRES_ACTION"):
            return PaymentPending
        if status in ("EXPIRED", "INACTIVE"):
            return PaymentExpired
        raise UntranslatableError("status_unknown" if status else "status_missing", shape(status or None))
    if meaning is Meaning.SUCCEEDED:
        if not status and status_required:
            raise UntranslatableError("status_missing")
        if status and status not in SUCCESS_STATUSES:
            raise UntranslatableError("status_contradicts_event", told(status, STATUSES))
    elif status in SUCCESS_STATUSES or status in UNDONE_STATUSES:
        raise UntranslatableError("status_contradicts_event", told(status, STATUSES))
    return _STATES[meaning]


_NO_MONEY = frozenset(["SAVE"])
_NOT_YET = frozenset(["SUBSCRIPTION", "AUTHORIZATION"])
"""Pages of these types that lapse leave nothing that could still be paid."""


def session(meaning: Meaning, data: Section, received_at: datetime) -> Fact | None:
    """A hosted payment page lapsed, and its request with it; or it was completed, which announces a capture, or reserves money, by its type. None for
    pages without money.

    The capture is the money: a completed page alone says only that it is to come, and until then the payment is unconfirmed.
    """
    kind = data.text("session_type")
    if meaning is Meaning.SESSION_EXPIRED and (kind in _NO_MONEY or kind in _NOT_YET):
        return None
    data.require_rupiah()
    if kind in _NO_MONEY and not data.amount_if_any("amount"):
        return None
    reference = data.identifier("reference_id")
    session = data.identifier("payment_session_id")
    group = data.identifier("payment_request_id")
    completed = meaning is Meaning.SESSION_COMPLETED
    attempt = data.identifier("payment_id") if completed else None
    key = (attempt or group or session or reference) if completed else (group or reference or session)
    if key is None:
        raise UntranslatableError("payment_id_missing")
    occurred = (
        data.moment("updated", "created") if completed else data.moment("updated", "expires_at", "created")
    )
    metadata = data.section("metadata")
    reserves = kind == "AUTHORIZATION"
    event = (PaymentAuthorized if reserves else PaymentPending if completed else PaymentExpired)(
        provider=PROVIDER,
        payment_key=key,
        attempt_id=attempt,
        group_id=group,
        announced=completed and not reserves,
        aliases=tuple(dict.fromkeys(one for one in (key, group, session, reference) if one is not None)),
        requested_amount=data.amount_if_any("amount"),
        payment_type=metadata.text("payment_type"),
        reference_id=reference,
        customer_ref=metadata.reference("customer_id"),
        payer_email=metadata.email("payer_email"),
        provider_status=data.status("status"),
        token_only=True,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
    )
    return Fact(streams.payment(PROVIDER, key), event)


def invoice(document: Section, received_at: datetime) -> Fact | None:
    """The older Invoice API's callback: a flat object without an event name. None for a status we do not know."""
    status = document.status("status")
    if status is None:
        raise UntranslatableError("status_missing")
    state = _INVOICE_STATES.get(INVOICE_STATUSES.get(status.upper(), ""))
    if state is None:
        return None
    document.require_rupiah()
    key = document.identifier("id")
    if key is None:
        raise UntranslatableError("payment_id_missing")
    paid = state in (PaymentSucceeded, PaymentSettled)
    paid_at = document.moment("paid_at", "updated") if paid else None
    occurred = paid_at or document.moment("updated", "created")
    method, channel = document.text("payment_method"), document.text("payment_channel")
    metadata = document.section("metadata")
    found = (key, document.identifier("payment_id"), document.identifier("external_id"))
    received = payloads.invoiced_amount(document) if paid else None
    event = state(
        provider=PROVIDER,
        payment_key=key,
        attempt_id=document.identifier("payment_id"),
        aliases=tuple(dict.fromkeys(one for one in found if one is not None)),
        amount=received,
        fee_amount=fee_beside(received, document, amounts.NET, amounts.FEE),
        requested_amount=document.amount_if_any("amount"),
        method=method_of(method) or method_of(channel),
        channel=channel or method,
        payment_type=metadata.text("payment_type"),
        reference_id=document.identifier("external_id"),
        customer_ref=metadata.reference("customer_id"),
        payer_email=metadata.email("payer_email") or document.email("payer_email"),
        provider_status=status,
        token_only=True,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
        paid_at=paid_at,
    )
    return Fact(streams.payment(PROVIDER, key), event)


def refund(meaning: Meaning, refunded: Section, received_at: datetime) -> Fact:
    """One refund. Raises UntranslatableError when the name and the status disagree or the payment is not named."""
    refunded.require_rupiah()
    succeeded = meaning is Meaning.REFUND_SUCCEEDED
    status = (refunded.status("status") or "").upper()
    if status and (status == "SUCCEEDED") != succeeded:
        raise UntranslatableError("status_contradicts_event", told(status, STATUSES))
    refund_id = refunded.identifier("id")
    if refund_id is None:
        raise UntranslatableError("refund_id_missing")
    payment_id, group = refunded.identifier("payment_id"), refunded.identifier("payment_request_id")
    found = (payment_id, group, refunded.identifier("invoice_id"))
    aliases = tuple(dict.fromkeys(one for one in found if one is not None))
    if not aliases:
        raise UntranslatableError("payment_id_missing")
    reference = refunded.text("reference_id")
    event = (RefundSucceeded if succeeded else RefundFailed)(
        provider=PROVIDER,
        payment_key=aliases[0],
        refund_id=refund_id,
        attempt_id=payment_id,
        group_id=group,
        aliases=aliases,
        amount=payloads.refunded_amount(refunded),
        reason=refunded.text("reason"),
        failure_code=refunded.text("failure_code"),
        own_reference=reference if is_own_refund(reference) else None,
        token_only=True,
        occurred_at=refunded.moment("updated", "created") or received_at,
    )
    return Fact(streams.payment(PROVIDER, aliases[0]), event)

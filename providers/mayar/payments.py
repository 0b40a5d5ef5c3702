"""Facts about payments."""

from __future__ import annotations

from datetime import datetime

from providers.fees import fee_beside
from providers.identity import content_digest
from providers.mayar import payloads
from providers.mayar.amounts import ASKED_FOR, NET, STATED
from providers.mayar.events import PaymentReport
from providers.mayar.payloads import PROVIDER
from providers.money import GONE_BACK, stated_amount
from providers.section import Section
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.facts import PaymentExpired, PaymentFact, PaymentFailed, PaymentPending, PaymentSucceeded
from schemas.translation import Fact

_STATES: dict[PaymentReport, type[PaymentFact]] = {
    PaymentReport.SUCCEEDED: PaymentSucceeded,
    PaymentReport.PENDING: PaymentPending,
    PaymentReport.REMINDED: PaymentPending,
    PaymentReport.FAILED: PaymentFailed,
    PaymentReport.EXPIRED: PaymentExpired,
}

# `status` tells how the notification went and `transactionStatus` lags (a paid one may still say "created"); only these deny a payment.
_DENIALS = GONE_BACK | {
    "false",
    "failed",
    "expired",
    "cancelled",
    "canceled",
    "rejected",
    "declined",
    "denied",
}
# Where the event says that nothing was paid, or not yet, these say that it was: somebody has to look.
_PAID = GONE_BACK | {"paid", "settled"}


def payment(meaning: PaymentReport, top: Section, data: Section, received_at: datetime) -> Fact:
    """Raises UntranslatableError or AmountError when a success cannot be read safely."""
    data.require_rupiah()
    paid = meaning is PaymentReport.SUCCEEDED
    if meaning is not PaymentReport.REMINDED:
        _refuse_contradiction(data, paid=paid)
    transaction = _transaction_ids(data)
    key = transaction[0] if transaction else _key_without_transaction(top, data)
    occurred = payloads.happened_at(data)
    method, channel = payloads.method_and_channel(data)
    received = _received(data, required=bool(transaction)) if paid else None
    event = _STATES[meaning](
        provider=PROVIDER,
        payment_key=key,
        attempt_id=transaction[0] if transaction else None,
        aliases=transaction or (key,),
        amount=received,
        fee_amount=fee_beside(received, data, NET),
        requested_amount=None if paid else _asked_for(data),
        method=method,
        channel=channel,
        reference_id=payloads.reference_id(data),
        customer_ref=payloads.customer_ref(data),
        payer_email=payloads.payer_email(data),
        products=payloads.products(data) if paid else (),
        provider_status=data.text("transactionStatus") or _status(data),
        token_only=True,
        without_id=not transaction,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
        paid_at=occurred if paid else None,
    )
    return Fact(streams.payment(PROVIDER, key), event)


def _transaction_ids(data: Section) -> tuple[str, ...]:
    """The transaction's names, best first."""
    found = (data.identifier("transactionId"), data.identifier("id"))
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _key_without_transaction(top: Section, data: Section) -> str:
    """The old short form `{package, customerEmail}` names no transaction: the event's own id stands in, else equal contents are one payment."""
    if payloads.payer_email(data) is None and not payloads.products(data):
        raise UntranslatableError("payment_id_missing")
    return top.identifier("id") or f"minimal-{content_digest(data.values)[:24]}"


def _received(data: Section, *, required: bool) -> int | None:
    """Rupiah received. Zero is legal (a full coupon). Only the short form may leave the amount out. Raises AmountError."""
    found = data.amount_if_any(*STATED)
    return data.amount("amount") if found is None and required else found


def _asked_for(data: Section) -> int | None:
    """What an open, failed or lapsed payment was about; a detail, so an unreadable one is absent."""
    return stated_amount(data, ASKED_FOR)


def _refuse_contradiction(data: Section, *, paid: bool) -> None:
    """Raises UntranslatableError when the event's name and what stands in it cannot both be true. Of an event that is no success `status` says only
    how the notification went.
    """
    transaction = data.text("transactionStatus")
    for word in (_status(data), transaction) if paid else (transaction,):
        if word is not None and word.lower() in (_DENIALS if paid else _PAID):
            raise UntranslatableError("status_contradicts_event", word)


def _status(data: Section) -> str | None:
    """A word, or a boolean in old payloads."""
    flag = data.flag("status")
    return data.text("status") if flag is None else str(flag).lower()

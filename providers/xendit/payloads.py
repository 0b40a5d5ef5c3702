"""The shapes of Xendit's payloads, read into the parts that facts are made of.

A payment object of v3 (`payment_id`, `payment_request_id`, `captures[]`), a payment request, the flat data of v2 (`id`, `amount`) and of
the older e-wallet API (`capture_amount`) are read by the same rules; a field that is not there is skipped.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from providers.section import Section
from providers.xendit import amounts
from providers.xendit.channels import method_of
from schemas.errors import UntranslatableError

# v2 puts ids of different things under `id`; these prefixes say that it is not the payment.
_NOT_A_PAYMENT = ("pr-", "cptr-", "cap-")


class PaymentIds(msgspec.Struct, frozen=True):
    """The ids of a payment. `key` is the payment's own id, else the request's, else our reference."""

    key: str
    attempt_id: str | None
    group_id: str | None
    reference_id: str | None
    aliases: tuple[str, ...]


class Captures(msgspec.Struct, frozen=True):
    """What `captures[]` says, read once: ids in order, the rupiah of all of them (None when there are none), the latest time."""

    ids: tuple[str, ...]
    total: int | None
    latest: datetime | None


NO_CAPTURES = Captures((), None, None)


def captures_of(data: Section) -> Captures:
    """Raises UntranslatableError or AmountError when a capture cannot be read."""
    captures = data.sections("captures")
    if not captures:
        return NO_CAPTURES
    times = [time for capture in captures if (time := capture.moment("capture_timestamp")) is not None]
    return Captures(
        ids=tuple(_ids(captures)),
        total=sum(capture.amount("capture_amount") for capture in captures),
        latest=max(times, default=None),
    )


def payment_ids(
    data: Section, captures: Captures, *, request_event: bool, further: tuple[str, ...] = ()
) -> PaymentIds:
    """Raises UntranslatableError when the payload names nothing to hold on to.

    `request_event`: the event is about a request, so a bare `id` is the request's and not the payment's.
    """
    bare = data.identifier("id")
    attempt = data.identifier("payment_id") or data.identifier("latest_payment_id")
    group = data.identifier("payment_request_id")
    reference = data.identifier("reference_id") or data.identifier("external_id")
    if group is None and bare is not None and bare.startswith("pr-"):
        group = bare
    if attempt is None and not request_event and bare is not None and not bare.startswith(_NOT_A_PAYMENT):
        attempt = bare
    key = attempt or group or reference or bare
    if key is None:
        raise UntranslatableError("payment_id_missing")
    found = (key, attempt, group, bare, reference, *captures.ids, *further)
    aliases = tuple(dict.fromkeys(one for one in found if one is not None))
    return PaymentIds(key, attempt, group, reference, aliases)


def capture_ids(data: Section) -> list[str]:
    """Ids of the captures, sorted."""
    return _ids(data.sections("captures"))


def _ids(captures: list[Section]) -> list[str]:
    return sorted(filter(None, [capture.identifier("capture_id") for capture in captures]))


def received_amount(data: Section, captures: Captures) -> int:
    """Rupiah received: the captures' sum, else what the request or the older payload states. Raises AmountError."""
    if captures.total is not None:
        return captures.total
    return _first_amount(data, amounts.RECEIVED)


def invoiced_amount(document: Section) -> int:
    """Rupiah that a paid invoice brought. Callbacks without the field say only what it was of, which is what was paid. Raises AmountError."""
    return document.amount("paid_amount" if "paid_amount" in document.values else "amount")


def refunded_amount(data: Section) -> int:
    """Rupiah that went back. Raises AmountError."""
    return _first_amount(data, amounts.REFUNDED)


def _first_amount(data: Section, keys: tuple[str, ...]) -> int:
    found = data.amount_if_any(*keys)
    return data.amount("amount") if found is None else found


def requested_amount(data: Section, *, paid: bool) -> int | None:
    """Rupiah asked for; absent for open-amount codes. The old flat `amount` is a request only while nothing was paid."""
    keys = ("request_amount", "charge_amount") if paid else ("request_amount", "charge_amount", "amount")
    return data.amount_if_any(*keys)


def paid_at(data: Section, captures: Captures) -> datetime | None:
    """When the money arrived: the latest capture, else the payload's own time."""
    return captures.latest or data.moment("paid_at", "updated", "created")


def channel_and_method(data: Section) -> tuple[str | None, str | None]:
    """The channel as sent and the method it belongs to."""
    instrument = data.section("payment_method")
    kind = instrument.text("type")
    nested = instrument.section((kind or "").lower()).text("channel_code")
    code = data.text("channel_code") or nested
    return code or kind, method_of(code) or method_of(kind)


def unwrapped_refund(data: Section) -> Section:
    """The refund itself; the published example wraps it twice."""
    inner = data
    while not any(inner.has(key) for key in amounts.REFUNDED) and isinstance(inner.values.get("data"), dict):
        inner = inner.required("data")
    return inner


def succeeded_payment_id(cycle: Section) -> str | None:
    """The payment that charged a cycle; None where the older subscriptions give none."""
    paid = [
        attempt
        for attempt in cycle.sections("attempt_details")
        if (attempt.status("status") or "").upper() == "SUCCEEDED"
    ]
    return (paid[-1].identifier("payment_id") if paid else None) or cycle.identifier("payment_id")

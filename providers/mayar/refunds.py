"""Money that Mayar says went back, in whatever words it comes to say so.

Nothing of this is documented: no webhook tells of a refund, and none bears a name. So one is known by its payment and its rupiah, and is the
same whether a webhook, or Mayar on being asked, tells of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from providers.mayar import payloads
from providers.mayar.amounts import STATED, WENT_BACK
from providers.mayar.payloads import PROVIDER
from providers.money import GONE_BACK
from providers.reconciling import RowUnreadable, whole_rupiah
from providers.refunding import unnamed_refund
from providers.section import Section
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.facts import RefundSucceeded
from schemas.translation import Fact

PARTLY = frozenset({"partially_refunded", "partial_refunded", "partial_refund"})
WHOLLY = GONE_BACK - PARTLY

_NOT_GONE = frozenset({"false", "failed", "pending", "processing", "requested", "rejected", "declined", "cancelled", "canceled", "expired"})  # fmt: skip


def refund(data: Section, received_at: datetime) -> Fact:
    """One refund. Raises UntranslatableError or AmountError when it cannot be read safely."""
    data.require_rupiah()
    for field in ("transactionStatus", "status"):
        word = str(data.values.get(field, "")).lower()
        if word in _NOT_GONE:
            raise UntranslatableError("status_contradicts_event", word)
    names = tuple(dict.fromkeys(one for field in ("transactionId", "id") if (one := data.identifier(field))))
    if not names:
        raise UntranslatableError("payment_id_missing")
    found = data.amount_if_any(*WENT_BACK, *STATED)
    amount = data.amount(WENT_BACK[0]) if found is None else found
    event = RefundSucceeded(
        provider=PROVIDER,
        payment_key=names[0],
        refund_id=unnamed_refund(names[0], amount),
        attempt_id=names[0],
        aliases=names,
        amount=amount,
        token_only=True,
        occurred_at=payloads.happened_at(data) or received_at,
    )
    return Fact(streams.payment(PROVIDER, names[0]), event)


def went_back(found: Mapping[str, Any]) -> int | None:
    """Rupiah of a transaction that went back in all, as Mayar shows it on being asked; None: some did, and nothing says how many."""
    status = str(found.get("status")).lower()
    if (stated := next((found[field] for field in WENT_BACK if found.get(field) is not None), None)) is None:
        if status in PARTLY:
            return None
        stated = found.get("amount") if status in WHOLLY else 0
    try:
        return whole_rupiah(stated)
    except RowUnreadable:
        return None

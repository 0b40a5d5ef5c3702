"""Credit: a top-up is a liability to the customer in rupiah, spendable in tokens."""

from __future__ import annotations

from typing import Any

from processor.cases.customer import CustomerRecord, TopUp
from processor.cases.payment_record import Granted
from processor.grants import postings
from processor.grants.ledger import BookedPart, Said
from schemas.corrections import CreditDated, CreditWithdrawn
from schemas.decisions import CreditClawedBack, CreditGranted
from schemas.event_model import unvalidated

_granted = unvalidated(CreditGranted)


def grant(entry: BookedPart) -> Said:
    """Rupiah become tokens."""
    part, purse = entry.part, entry.purse
    purse.credit_tokens += part.tokens
    purse.topped_up(TopUp(entry.at, part.rupiah))
    facts = entry.ledger.facts
    yield entry.granted(
        _granted,
        amount_idr=part.rupiah,
        tokens=part.tokens,
        late=facts.late(part.attempts, entry.ledger.world.catalog.policy(facts.provider).tolerance),
        token_only=entry.unproved,
        postings=postings.credited(facts.provider, purse.customer_id, part.rupiah, part.tokens),
    )


def take_back(entry: BookedPart, refund_id: str, share: int, due: int) -> Said:
    """As far as it is unspent; the rest is our loss until policy says otherwise."""
    purse = entry.purse
    taken = min(due, purse.credit_tokens)
    purse.credit_tokens -= taken
    covered = share * taken // due if due else share
    back = postings.credit_taken_back(entry.provider, entry.customer_id, share, covered, taken)
    yield entry.taken_back(CreditClawedBack, refund_id, share, tokens=taken, postings=back)


def date(entry: BookedPart, before: Granted) -> Said:
    """It was paid at another time than we thought."""
    purse, at, rupiah = entry.purse, entry.at, entry.part.rupiah
    purse.not_topped_up(TopUp(before.at or at, rupiah))
    purse.topped_up(TopUp(at, rupiah))
    yield entry.said(CreditDated, at=at, **_last(purse))


def withdraw(entry: BookedPart) -> Said:
    """All of it, what was spent too: the same rupiah wait in suspense or were credited again."""
    part, purse = entry.part, entry.purse
    tokens = part.tokens - part.clawed
    purse.credit_tokens -= tokens
    if part.at is not None:
        purse.not_topped_up(TopUp(part.at, part.rupiah))
    back = postings.credit_taken_back(entry.provider, entry.customer_id, part.left, part.left, tokens)
    yield entry.withdrawn(
        CreditWithdrawn, amount_idr=part.rupiah, tokens=tokens, postings=back, **_last(purse)
    )


def _last(purse: CustomerRecord) -> dict[str, Any]:
    """Which top-up is the last one now."""
    last = purse.last_topups[-1] if purse.last_topups else None
    return {"last_top_up_at": last and last.at, "last_top_up_idr": last and last.amount_idr}

"""Credit: a top-up is a liability to the customer in rupiah, spendable in tokens."""

from __future__ import annotations

from processor.cases.customer import TopUp
from processor.cases.lateness import late
from processor.cases.payment_record import Granted
from processor.grants import postings
from processor.grants.ledger import Ledger, Said
from schemas.corrections import CreditDated, CreditWithdrawn
from schemas.decisions import CreditClawedBack, CreditGranted


def grant(ledger: Ledger, key: str, part: Granted) -> Said:
    """Rupiah become tokens."""
    customer_id = part.customer_id or ""
    purse = ledger.purse(customer_id)
    purse.credit_tokens += part.tokens
    purse.topped_up(TopUp(ledger.at(part), part.rupiah))
    yield ledger.of_customer(
        part,
        CreditGranted(
            **ledger.granting(key, part),
            amount_idr=part.rupiah,
            tokens=part.tokens,
            at=ledger.at(part),
            late=late(ledger.facts, part.attempts),
            token_only=ledger.unproved(part),
            postings=postings.credited(ledger.facts.provider, customer_id, part.rupiah, part.tokens),
        ),
    )


def take_back(ledger: Ledger, key: str, part: Granted, refund_id: str, share: int, due: int) -> Said:
    """As far as it is unspent; the rest is our loss until policy says otherwise."""
    provider, customer_id = ledger.facts.provider, part.customer_id or ""
    purse = ledger.purse(customer_id)
    taken = min(due, purse.credit_tokens)
    purse.credit_tokens -= taken
    covered = share * taken // due if due else share
    yield ledger.of_customer(
        part,
        CreditClawedBack(
            **ledger.about(key, part),
            refund_id=refund_id,
            amount_idr=share,
            tokens=taken,
            at=ledger.facts.refunds[refund_id].at,
            postings=postings.credit_taken_back(provider, customer_id, share, covered, taken),
        ),
    )


def date(ledger: Ledger, key: str, before: Granted, part: Granted) -> Said:
    """It was paid at another time than we thought."""
    at = ledger.at(part)
    purse = ledger.purse(part.customer_id)
    purse.not_topped_up(TopUp(before.at or at, part.rupiah))
    purse.topped_up(TopUp(at, part.rupiah))
    last = purse.last_topups[-1]
    yield ledger.of_customer(
        part,
        CreditDated(
            **ledger.about(key, part),
            at=at,
            last_top_up_at=last.at,
            last_top_up_idr=last.amount_idr,
        ),
    )


def withdraw(ledger: Ledger, key: str, part: Granted) -> Said:
    """All of it, what was spent too: the same rupiah wait in suspense or were credited again."""
    provider, customer_id = ledger.facts.provider, part.customer_id or ""
    purse, tokens = ledger.purse(customer_id), part.tokens - part.clawed
    purse.credit_tokens -= tokens
    if part.at is not None:
        purse.not_topped_up(TopUp(part.at, part.rupiah))
    last = purse.last_topups[-1] if purse.last_topups else None
    yield ledger.of_customer(
        part,
        CreditWithdrawn(
            **ledger.about(key, part),
            amount_idr=part.rupiah,
            tokens=tokens,
            reason=ledger.reason,
            at=ledger.world.now,
            last_top_up_at=last.at if last else None,
            last_top_up_idr=last.amount_idr if last else None,
            postings=postings.credit_taken_back(provider, customer_id, part.left, part.left, tokens),
        ),
    )

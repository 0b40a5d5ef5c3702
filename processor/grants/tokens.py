"""Chat tokens: a package is a sale that is delivered at once."""

from __future__ import annotations

from processor.cases.payment_record import Granted
from processor.grants import postings
from processor.grants.ledger import Ledger, Said
from schemas.corrections import TokensWithdrawn
from schemas.decisions import TokensClawedBack, TokensGranted


def grant(ledger: Ledger, key: str, part: Granted) -> Said:
    """Deliver the package."""
    ledger.purse(part.customer_id).chat_tokens += part.tokens
    yield ledger.of_customer(
        part,
        TokensGranted(
            **ledger.granting(key, part),
            product=part.product,
            quantity=part.quantity,
            chat_tokens=part.tokens,
            amount_idr=part.amount,
            at=ledger.at(part),
            token_only=ledger.unproved(part),
            postings=(
                *postings.sold(ledger.facts.provider, part.product, part.amount),
                *postings.chat_tokens(part.customer_id or "", part.tokens),
            ),
        ),
    )


def take_back(ledger: Ledger, key: str, part: Granted, refund_id: str, share: int, due: int) -> Said:
    """As far as they are unused."""
    purse = ledger.purse(part.customer_id)
    taken = min(due, purse.chat_tokens)
    purse.chat_tokens -= taken
    yield ledger.of_customer(
        part,
        TokensClawedBack(
            **ledger.about(key, part),
            refund_id=refund_id,
            product=part.product,
            chat_tokens=taken,
            amount_idr=share,
            at=ledger.facts.refunds[refund_id].at,
            postings=(
                *postings.sale_returned(ledger.facts.provider, part.product, share),
                *postings.chat_tokens(part.customer_id or "", -taken),
            ),
        ),
    )


def withdraw(ledger: Ledger, key: str, part: Granted) -> Said:
    """All of them, used ones too."""
    tokens = part.tokens - part.clawed
    ledger.purse(part.customer_id).chat_tokens -= tokens
    yield ledger.of_customer(
        part,
        TokensWithdrawn(
            **ledger.about(key, part),
            product=part.product,
            chat_tokens=tokens,
            amount_idr=part.amount,
            reason=ledger.reason,
            at=ledger.world.now,
            postings=(
                *postings.sale_returned(ledger.facts.provider, part.product, part.left),
                *postings.chat_tokens(part.customer_id or "", -tokens),
            ),
        ),
    )

"""Chat tokens: a package is a sale that is delivered at once."""

from __future__ import annotations

from processor.grants import postings
from processor.grants.ledger import BookedPart, Said
from schemas.corrections import TokensWithdrawn
from schemas.decisions import TokensClawedBack, TokensGranted


def grant(entry: BookedPart) -> Said:
    """Deliver the package."""
    part = entry.part
    entry.purse.chat_tokens += part.tokens
    sold = postings.sold(entry.provider, part.product, part.amount)
    yield entry.granted(
        TokensGranted,
        product=part.product,
        quantity=part.quantity,
        chat_tokens=part.tokens,
        amount_idr=part.amount,
        token_only=entry.unproved,
        postings=(*sold, *postings.chat_tokens(entry.customer_id, part.tokens)),
    )


def take_back(entry: BookedPart, refund_id: str, share: int, due: int) -> Said:
    """As far as they are unused."""
    taken = min(due, entry.purse.chat_tokens)
    entry.purse.chat_tokens -= taken
    said = {"product": entry.part.product, "chat_tokens": taken}
    yield entry.taken_back(
        TokensClawedBack, refund_id, share, **said, postings=_returned(entry, share, taken)
    )


def withdraw(entry: BookedPart) -> Said:
    """All of them, used ones too."""
    part = entry.part
    tokens = part.tokens - part.clawed
    entry.purse.chat_tokens -= tokens
    yield entry.withdrawn(
        TokensWithdrawn,
        product=part.product,
        chat_tokens=tokens,
        amount_idr=part.amount,
        postings=_returned(entry, part.left, tokens),
    )


def _returned(entry: BookedPart, rupiah: int, tokens: int) -> postings.Postings:
    money = postings.sale_returned(entry.provider, entry.part.product, rupiah)
    return (*money, *postings.chat_tokens(entry.customer_id, -tokens))

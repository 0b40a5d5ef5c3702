"""Double entries of each kind of decision. Debits positive, credits negative; every list sums to zero per unit.

Money enters through `clearing:<provider>` and leaves there on a refund. Releasing held money reverses its hold, so a grant always
posts from clearing and no decision needs to know the history.
"""

from __future__ import annotations

from typing import Literal

from schemas.decision_model import Posting

Postings = tuple[Posting, ...]

_TOKENS = "issued:credit_tokens"


def held(provider: str, amount: int | None) -> Postings:
    """Received, without a home yet."""
    return _pair(f"clearing:{provider}", f"suspense:{provider}", amount)


def released(provider: str, amount: int | None) -> Postings:
    """The reverse of `held`."""
    return _pair(f"suspense:{provider}", f"clearing:{provider}", amount)


def written_off(provider: str, amount: int | None) -> Postings:
    """Held money that we keep without granting anything."""
    return _pair(f"suspense:{provider}", f"forfeited:{provider}", amount)


def reopened(provider: str, kept: int | None, waits: int | None) -> Postings:
    """A write-off taken back: of what was kept, this much waits again; the rest may go elsewhere."""
    moved = {"forfeited": kept or 0, "suspense": -(waits or 0), "clearing": (waits or 0) - (kept or 0)}
    return tuple(
        Posting(account=f"{account}:{provider}", unit="IDR", amount=amount)
        for account, amount in moved.items()
        if amount
    )


def credited(provider: str, customer_id: str, amount: int, tokens: int) -> Postings:
    """A top-up: a liability to the customer in rupiah, spendable in tokens."""
    return (
        *_pair(f"clearing:{provider}", f"credit:{customer_id}", amount),
        *_pair(_TOKENS, f"tokens:{customer_id}", tokens, "TOKEN"),
    )


def credit_taken_back(provider: str, customer_id: str, amount: int, covered: int, tokens: int) -> Postings:
    """A refunded top-up: `covered` rupiah were unspent, the rest of `amount` is our loss until policy says otherwise."""
    return (
        *_pair(f"credit:{customer_id}", f"clearing:{provider}", covered),
        *_pair(f"refunds:{provider}", f"clearing:{provider}", amount - covered),
        *_pair(_TOKENS, f"tokens:{customer_id}", -tokens, "TOKEN"),
    )


def sold(provider: str, product: str, amount: int | None) -> Postings:
    """Money for something delivered at once."""
    return _pair(f"clearing:{provider}", f"sales:{product}", amount)


def sale_returned(provider: str, product: str, amount: int) -> Postings:
    """Money of a sale went back."""
    return _pair(f"sales:{product}", f"clearing:{provider}", amount)


def fee(provider: str, amount: int) -> Postings:
    """What the provider keeps: it owes that much less (negative: more after all). No customer's credit and no sale knows of it."""
    return _pair(f"fees:{provider}", f"clearing:{provider}", amount)


def chat_tokens(customer_id: str, tokens: int) -> Postings:
    """Chat tokens issued (negative: taken back)."""
    return _pair("issued:chat_tokens", f"chat:{customer_id}", tokens, "CHAT")


def _pair(
    debit: str, credit: str, amount: int | None, unit: Literal["IDR", "TOKEN", "CHAT"] = "IDR"
) -> Postings:
    if not amount:
        return ()
    return (
        Posting(account=debit, unit=unit, amount=amount),
        Posting(account=credit, unit=unit, amount=-amount),
    )

"""The ledger accounts of every movement of credit that has been bought already: debits positive, credits negative."""

from __future__ import annotations

from typing import Literal

from schemas.decision_model import Posting

Postings = tuple[Posting, ...]


def spent(customer_id: str, tokens: int, idr: int) -> Postings:
    """What we owed a customer became a sale."""
    return (
        *_pair("TOKEN", f"tokens:{customer_id}", "spent:credit_tokens", tokens),
        *_pair("IDR", f"credit:{customer_id}", "sales:credit", idr),
    )


def reserved(customer_id: str, tokens: int) -> Postings:
    """Set aside; we owe it still."""
    return _pair("TOKEN", f"tokens:{customer_id}", f"reserved:{customer_id}", tokens)


def given_back(customer_id: str, tokens: int) -> Postings:
    """The reverse of `reserved`."""
    return _pair("TOKEN", f"reserved:{customer_id}", f"tokens:{customer_id}", tokens)


def captured(customer_id: str, tokens: int, returned: int, idr: int) -> Postings:
    """A part of what was set aside became a sale, the rest can be spent again."""
    return (
        *_pair("TOKEN", f"reserved:{customer_id}", "spent:credit_tokens", tokens),
        *given_back(customer_id, returned),
        *_pair("IDR", f"credit:{customer_id}", "sales:credit", idr),
    )


def forgiven(customer_id: str, tokens: int, idr: int) -> Postings:
    """A debt became our loss."""
    return (
        *_pair("TOKEN", "forgiven:credit_tokens", f"tokens:{customer_id}", tokens),
        *_pair("IDR", "forgiven:credit", f"credit:{customer_id}", idr),
    )


def _pair(unit: Literal["IDR", "TOKEN"], debit: str, credit: str, amount: int) -> Postings:
    if not amount:
        return ()
    return (
        Posting(account=debit, unit=unit, amount=amount),
        Posting(account=credit, unit=unit, amount=-amount),
    )

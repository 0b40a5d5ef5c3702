"""Accounts and what happens to them, for tests: the events of fulfilment with nothing in them that does not matter."""

from __future__ import annotations

from datetime import UTC, datetime

from api.credit.account import Account
from api.credit.acts import Act, CreditMoment, Use
from schemas.catalog import Catalog, Credit, Tier
from schemas.corrections import CreditWithdrawn
from schemas.decision_model import Posting
from schemas.decisions import CreditClawedBack, CreditGranted, TierChanged
from schemas.event_model import EventModel

NOON = datetime(2026, 3, 10, 5, 0, tzinfo=UTC)
"""Noon in Jakarta."""

CATALOG = Catalog(
    credit=Credit(low_balance_tokens=1000),
    tiers=(
        Tier(id="gratis", monthly_tokens=100, daily_tokens=50, monthly_papers=2),
        Tier(id="bpp", credit_based=True),
        Tier(id="pro", monthly_tokens=5000, daily_tokens=200),
    ),
)


def moment(at: datetime = NOON, catalog: Catalog = CATALOG) -> CreditMoment:
    return CreditMoment(at, catalog)


def _posted(debit: str, credit: str, amount: int) -> tuple[Posting, ...]:
    if not amount:
        return ()
    return (
        Posting(account=debit, unit="IDR", amount=amount),
        Posting(account=credit, unit="IDR", amount=-amount),
    )


def granted(case: str, tokens: int, idr: int) -> CreditGranted:
    return CreditGranted(
        case=case, customer_id="c1", provider="xendit", payment_id=case, amount_idr=idr, tokens=tokens, at=NOON,
        postings=_posted("clearing:xendit", "credit:c1", idr),
    )  # fmt: skip


def clawed_back(case: str, tokens: int, idr: int) -> CreditClawedBack:
    return CreditClawedBack(
        case=case, customer_id="c1", provider="xendit", payment_id=case, refund_id="rf", amount_idr=idr, tokens=tokens, at=NOON,
        postings=_posted("credit:c1", "clearing:xendit", idr),
    )  # fmt: skip


def withdrawn(case: str, tokens: int, idr: int) -> CreditWithdrawn:
    return CreditWithdrawn(
        case=case, customer_id="c1", provider="xendit", payment_id=case, amount_idr=idr, tokens=tokens, reason="corrected", at=NOON,
        postings=_posted("credit:c1", "clearing:xendit", idr),
    )  # fmt: skip


def tier(name: str, until: datetime | None = None, fallback: str = "gratis") -> TierChanged:
    return TierChanged(
        case="t", customer_id="c1", tier=name, until=until, fallback_tier=fallback, reason="plan"
    )


def account(*events: EventModel) -> Account:
    """After these events, each at the position it has in the list, from 1."""
    made = Account("c1")
    for position, event in enumerate(events, 1):
        made.apply(event, position)
    return made


def do(on: Account, act: Act, at: datetime = NOON, catalog: Catalog = CATALOG) -> EventModel:
    """Decide and apply."""
    event = act.decide(on, moment(at, catalog))
    on.apply(event)
    return event


def use(tokens: int = 0, papers: int = 0) -> Use:
    return Use("u", tokens, papers, "r")

"""Plans bought by an order or a one-off payment: periods append, whatever order the payments came in. They end by the clock.

A purchase that its provider also announced as a membership is shown as that membership alone (processor/grants/memberships.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from processor.cases.customer import CustomerRecord
from processor.cases.keys import plan_row
from processor.cases.world import Decided
from processor.grants.memberships import chain_of, links_of, newest_of, provider_of, valid
from processor.grants.subscriptions import named
from schemas import streams
from schemas.decision_model import Bought
from schemas.decisions import SubscriptionDecision, SubscriptionMerged, SubscriptionWithdrawn
from schemas.periods import Period

GONE = ("merged", "withdrawn")
"""What readers do not see any more."""


def rows_difference(
    case: str,
    customer: CustomerRecord,
    now: datetime,
    gone: Collection[str] = (),
    ended: Mapping[str, Bought] | None = None,
) -> Iterator[Decided]:
    """How long purchases last that no membership stands for. Of `gone` no purchase is left: it ended, or else it was never due."""
    for product in gone:
        row = _Row(case, provider_of(case), product, customer, now)
        if ended and product in ended:
            yield from row.end([ended[product]])
        else:
            yield from row.take_away(SubscriptionWithdrawn, "withdrawn")
    links = links_of(customer.purchases, customer.memberships)
    for product, purchases in customer.purchases.items():
        alone = {name: purchase for name, purchase in purchases.items() if (product, name) not in links}
        newest = max(alone or purchases, key=lambda name: (purchases[name].at, name))
        row = _Row(case, provider_of(newest), product, customer, now)
        if not alone:
            into = max(links[product, name] for name in purchases)
            yield from row.take_away(SubscriptionMerged, "merged", into=into)
        elif valid(alone.values()):
            # They append to those that a membership stands for: nobody pays for the same days twice.
            yield from row.last(valid(purchases.values()))
        else:
            yield from row.end(list(alone.values()))


class _Row(NamedTuple):
    """What readers see of a customer's purchases of one plan; `case` is the one that changes it."""

    case: str
    provider: str
    product: str
    customer: CustomerRecord
    now: datetime

    @property
    def said(self) -> SubscriptionDecision | None:
        """What was last said of it."""
        said = self.customer.plan_rows.get(self.product)
        return SubscriptionDecision.model_validate(said) if said else None

    def last(self, purchases: list[Bought]) -> Iterator[Decided]:
        """Until its periods and its grace are over."""
        terms, started, ends = chain_of(purchases)
        view = self._view(
            terms,
            status="active",
            started_at=started,
            expires_at=ends,
            access_until=Period.parse(terms.terms.grace).after(ends) if terms.terms.grace else ends,
            cancel_at_period_end=True,
        )
        yield from self._say(view)

    def end(self, purchases: list[Bought]) -> Iterator[Decided]:
        """All its money went back. When the provider's clock is ahead of ours it ends now."""
        ended = min(max(one.refunded_at for one in purchases if one.refunded_at), self.now)
        terms = newest_of(purchases)
        view = self._view(terms, status="cancelled", started_at=None, expires_at=ended, access_until=ended)
        yield from self._say(view)

    def take_away(self, model: type[SubscriptionDecision], status: str, **more: str) -> Iterator[Decided]:
        """Nothing of it stands alone any more, or nobody bought it after all. A row that nobody ever saw need not be taken away."""
        said = self.said
        if said is not None and said.status not in GONE:
            view = said.amended(case=self.case, status=status)
            yield self._decided(model(**vars(view), **more))

    def _say(self, view: SubscriptionDecision) -> Iterator[Decided]:
        before = self.said
        if before is None or before.amended(case=self.case) != view:
            going_on = before if before is not None and before.status == "active" else None
            yield self._decided(named(going_on, view)(**vars(view)))

    def _view(self, terms: Bought, **state: Any) -> SubscriptionDecision:
        return SubscriptionDecision(
            case=self.case,
            subscription_id=plan_row(self.customer.customer_id, self.product),
            customer_id=self.customer.customer_id,
            provider=self.provider,
            plan=self.product,
            tier=terms.terms.tier,
            **state,
        )

    def _decided(self, decision: SubscriptionDecision) -> Decided:
        return Decided(streams.customer(self.customer.customer_id), decision)

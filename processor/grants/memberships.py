"""Which membership a payment bought. Some providers tell of one purchase twice, as a payment and as a membership, and name neither in the other.

What both always have, when they could be shown twice, is a customer and a plan; so that is the link. Pure functions of what is known of
the customer: in whatever order payments and memberships become known, they are linked alike (docs/adr/0035).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from processor.cases.customer import Membership
from processor.cases.paid_time import Announced, paid_time, shortened
from processor.cases.reports import PayerReports, Stated
from processor.cases.subscription import SubscriptionFacts
from processor.cases.subscription_state import Paid
from schemas.catalog import Catalog
from schemas.decision_model import Bought
from schemas.facts import ProductHint
from schemas.periods import Period

SLACK = timedelta(days=1)
"""How far a membership's announcement and the time that was paid for may lie apart: many announcements have only our time of receipt."""

Purchases = Mapping[str, Mapping[str, Bought]]
"""Periods that a customer bought, by product and by name of the purchase."""

Memberships = Mapping[str, Membership]
"""By the key of their case."""

Links = dict[tuple[str, str], str]
"""(product, name of the purchase) → key of the membership's case."""


def membership_of(
    facts: SubscriptionFacts, reports: PayerReports, catalog: Catalog, known: Iterable[str]
) -> Membership:
    """What a membership is called. `known`: a plan that left the catalogue was still what its payments bought."""
    named = [tuple(ProductHint.model_validate(hint) for hint in hints) for hints in reports.named]
    claimed = facts.claim.product if facts.claim else None
    found = [catalog.match(hints).product for hints in named]
    found.append(catalog.product(claimed or ""))
    return Membership(
        provider=facts.provider,
        began=reports.first_at,
        named=bool(named or claimed),
        plans=sorted({*known, *(product.id for product in found if product and product.kind == "plan")}),
    )


def links_of(purchases: Purchases, memberships: Memberships) -> Links:
    """Purchases that a membership stands for. Those that nobody named take part last, where only one plan can be meant."""
    if not memberships:
        return {}
    named = {key: known.plans for key, known in memberships.items() if known.named}
    links = _links(purchases, memberships, named, {})
    guessed = {
        key: plans
        for key, known in memberships.items()
        if not known.named and len(plans := _possible(purchases, known, links)) == 1
    }
    return links | _links(purchases, memberships, guessed, links)


def paid_for(
    case_key: str, purchases: Purchases, memberships: Memberships, stated: Iterable[Stated] = ()
) -> Paid | None:
    """What the payments of a membership bought; None when no payment of it is known.

    `stated`: what was announced of it. Periods of one plan append to it; those that were paid for are counted with their payment.
    """
    linked = bought_of(case_key, purchases, memberships)
    if not linked:
        return None
    everything = [one for of_it in linked.values() for one in of_it]
    refunded_at = max((one.refunded_at for one in everything if one.refunded_at), default=None)
    stay = {product: left for product, of_it in linked.items() if (left := valid(of_it))}
    # Another plan is another price: its periods run beside, not behind.
    one_plan = len(linked) == 1 and len(memberships[case_key].plans) <= 1
    announced = announced_beside(everything, stated) if one_plan else []
    if stay:
        chains = [(product, *chain_of(left, announced)) for product, left in stay.items()]
        product, terms, started, ends = max(chains, key=lambda chain: (chain[3], chain[0]))
        newest = max(one.at for left in stay.values() for one in left)
        return Paid(product, terms, started, ends, newest, refunded_at)
    product = max(linked, key=lambda one: (newest_of(linked[one]).at, one))
    terms = newest_of(linked[product])
    if not announced:
        return Paid(product, terms, refunded_at=refunded_at)
    times = paid_time([], Period.parse(terms.terms.period), announced)
    return Paid(product, terms, *times, refunded_at=refunded_at)


def unpaid_since(
    case_key: str, purchases: Purchases, memberships: Memberships, reports: PayerReports
) -> datetime | None:
    """When the newest period of a membership was announced that no payment we know of was for; None when there is one, or nothing was announced.

    A payment that went back was one.
    """
    linked = bought_of(case_key, purchases, memberships)
    times = [(time, one.ends) for one in reports.stated for time in one.times]
    announced = [(one.at, one.ends) for one in reports.stated if one.at is not None]
    if not announced:
        return reports.active_at if not linked and not times else None
    at, ends = max(announced)
    known = [one for of_it in linked.values() for one in of_it]
    return None if any(announced_end_of(purchase, times) == ends for purchase in known) else at


def bought_of(case_key: str, purchases: Purchases, memberships: Memberships) -> dict[str, list[Bought]]:
    """What payments of a membership bought, by product, what went back included."""
    linked: dict[str, list[Bought]] = {}
    for (product, name), key in links_of(purchases, memberships).items():
        if key == case_key:
            linked.setdefault(product, []).append(purchases[product][name])
    return linked


def provider_of(name: str) -> str:
    """Whose payment a purchase is: its name begins with the key of its case."""
    return name.partition(":")[0]


def valid(purchases: Iterable[Bought]) -> list[Bought]:
    """Those that money going back has not ended."""
    return [one for one in purchases if one.refunded_at is None]


def newest_of(purchases: Iterable[Bought]) -> Bought:
    """The one whose terms count."""
    return max(purchases, key=lambda one: (one.at, one.terms.period, one.quantity))


def chain_of(
    purchases: Iterable[Bought], announced: Iterable[Announced] = ()
) -> tuple[Bought, datetime, datetime]:
    """The newest terms, start and end of at least one purchase of a plan: periods append."""
    known = list(purchases)
    terms = newest_of(known)
    period = Period.parse(terms.terms.period)
    started, ends = paid_time([(one.at, one.quantity) for one in known], period, announced)
    back = [(one.at, one.quantity, one.lessened) for one in known]
    return terms, started, shortened(started, ends, period, back)


def announced_beside(purchases: Iterable[Bought], stated: Iterable[Stated]) -> list[Announced]:
    """Announced periods whose money did not go back. Those that a payment was for begin with it, or right after, and so are not counted again."""
    known = [one for one in stated if one.at is not None and one.ends > one.at]
    times = [(time, one.ends) for one in known for time in one.times]
    own: dict[datetime, list[Bought]] = {}
    for purchase in purchases:
        ends = announced_end_of(purchase, times)
        if ends is not None:
            own.setdefault(ends, []).append(purchase)
    return [
        Announced(max([one.at, *(bought.at for bought in own.get(one.ends, ()))]), one.ends)
        for one in known
        if one.at is not None and (one.ends not in own or valid(own[one.ends]))
    ]


def announced_ends(purchases: Iterable[Bought], stated: Iterable[Stated]) -> frozenset[datetime]:
    """The announced ends that these payments were for."""
    times = [(time, one.ends) for one in stated for time in one.times]
    found = [announced_end_of(purchase, times) for purchase in purchases]
    return frozenset(ends for ends in found if ends is not None)


def announced_end_of(purchase: Bought, times: Iterable[tuple[datetime, datetime]]) -> datetime | None:
    """Which announced end a payment is for: that of the newest announcement right before it, else of the first one after it.

    One that comes well after an announcement, and before any other, is for the next period.
    """
    before = [one for one in times if one[0] <= purchase.at <= one[0] + SLACK]
    if before:
        return max(before)[1]
    after = [one for one in times if purchase.at < one[0] <= _end_of(purchase) + SLACK]
    return min(after)[1] if after else None


def _links(
    purchases: Purchases, memberships: Memberships, plans: Mapping[str, Iterable[str]], taken: Links
) -> Links:
    links: Links = {}
    for product, bought in purchases.items():
        of_it = {key: memberships[key] for key, ids in plans.items() if product in ids}
        for name, purchase in bought.items():
            key = _bought_by(name, purchase, of_it) if (product, name) not in taken else None
            if key is not None:
                links[product, name] = key
    return links


def _bought_by(name: str, purchase: Bought, memberships: Memberships) -> str | None:
    """The newest membership that had begun when it was paid, else the first one that began before the paid time was over."""
    fitting = [
        (known.began, key)
        for key, known in memberships.items()
        if known.provider == provider_of(name) and known.began <= _end_of(purchase) + SLACK
    ]
    begun = [one for one in fitting if one[0] <= purchase.at + SLACK]
    if begun:
        return max(begun)[1]
    return min(fitting)[1] if fitting else None


def _possible(purchases: Purchases, membership: Membership, taken: Links) -> set[str]:
    """Plans that a membership without a name may be of: bought, not yet spoken for, and paid for when it began."""
    return {
        product
        for product, bought in purchases.items()
        for name, purchase in bought.items()
        if (product, name) not in taken
        and membership.provider == provider_of(name)
        and purchase.at - SLACK <= membership.began <= _end_of(purchase) + SLACK
    }


def _end_of(purchase: Bought) -> datetime:
    return Period.parse(purchase.terms.period).after(purchase.at, purchase.quantity)

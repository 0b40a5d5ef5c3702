"""What a provider is asked about a membership that waits for its word, and what its answer says of ours. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from processor.cases.case import SubscriptionCase
from processor.grants.memberships import SLACK
from processor.policies.attesting import knows_less
from providers.reconciling import AskedMembership, ToldMembership
from schemas.catalog import Catalog
from schemas.facts import ProductHint


def asked_of(case: SubscriptionCase, catalog: Catalog) -> AskedMembership:
    """Its ids at the provider, and the products that its webhooks or the catalogue name."""
    facts, reports = case.facts, case.facts.payers.values()
    licences = {code for one in reports if (code := one.word("licence_code"))}
    members = {code for one in reports if (code := one.word("member_id"))}
    if facts.subscription_key not in licences | members:
        members.add(facts.subscription_key)
    return AskedMembership(
        members=tuple(sorted(members)),
        licences=tuple(sorted(licences)),
        products=tuple(dict.fromkeys(_products(case, catalog))),
    )


def _products(case: SubscriptionCase, catalog: Catalog) -> Iterator[str]:
    named = [hints for one in case.facts.payers.values() for hints in reversed(one.named)]
    for hints in named:
        yield from (hint["value"] for hint in hints if hint["kind"] == "product")
    for hints in named:
        plan = catalog.match(tuple(ProductHint.model_validate(hint) for hint in hints)).product
        yield from getattr(getattr(plan, case.provider, None), "product_ids", ())


def announced_until(case: SubscriptionCase) -> datetime | None:
    """The latest end that nobody vouches for whom asking could confirm; None without any."""
    doubted = [told for level, told in case.facts.by_level(frozenset()) if knows_less(level)]
    return max((stated.ends for told in doubted for stated in told.stated), default=None)


def falls_short(case: SubscriptionCase, said: ToldMembership) -> bool:
    """Whether it is over there, or earlier than its webhooks say."""
    until = announced_until(case)
    return not said.active or (None not in (until, said.expires_at) and until > said.expires_at + SLACK)  # type: ignore[operator]

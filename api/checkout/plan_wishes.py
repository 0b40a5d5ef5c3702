"""From what an application wants to a plan that a provider can be asked for; everything is checked here, before anybody is called. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from providers.xendit.payable import PROVIDER
from schemas.catalog import Catalog, Product
from schemas.facts import ProductHint
from schemas.periods import Period
from schemas.problem_reasons import Reason
from schemas.problems import Problem
from schemas.request_facts import RequestedItem

Interval = Literal["DAY", "WEEK", "MONTH", "YEAR"]
_DAYS = {"WEEK": 7, "DAY": 1}
RETRIES_MAX = 5
NAME = "0" * 32


@dataclass(frozen=True, slots=True)
class PlanWanted:
    """A subscription somebody wants. `prefix`: how its reference begins; `second`: although one of this plan is live."""

    provider: str
    customer_id: str
    sold: RequestedItem
    prefix: str
    interval: Interval
    count: int
    retries: int
    instrument: str | None = None
    second: bool = False


def plan_wanted(
    catalog: Catalog, customer_id: str, plan: str, instrument: str | None, *, second: bool
) -> PlanWanted:
    """Raises Problem, which names the field."""
    product = plan_of(catalog, plan)
    interval, count = interval_of(product)
    return PlanWanted(
        provider=PROVIDER,
        customer_id=customer_id,
        sold=sold_as(product),
        prefix=prefix_of(catalog, product),
        interval=interval,
        count=count,
        retries=retries_of(product),
        instrument=instrument,
        second=second,
    )


def plan_of(catalog: Catalog, name: str) -> Product:
    """A product that can be subscribed to. Raises Problem."""
    product = catalog.product(name)
    if product is None:
        raise Problem("product_unknown", field="plan", product=name[:64])
    if product.kind != "plan":
        raise _lacking(product, "no_plan")
    if not product.price_idr:
        raise _lacking(product, "price_missing")
    prefix_of(catalog, product)
    interval_of(product)
    return product


def sold_as(product: Product) -> RequestedItem:
    """The plan on the terms of today."""
    return RequestedItem(
        product=product.id,
        kind=product.kind,
        price_idr=product.price_idr or 0,
        title=product.title,
        tier=product.tier,
        period=product.period,
        grace=product.grace,
        part_refund=product.part_refund,
        late=product.late,
        overpaid=product.overpaid,
    )


def prefix_of(catalog: Catalog, product: Product) -> str:
    """How references of this plan begin, so that a webhook alone says what it is for. Raises Problem where it would not."""
    for prefix in product.xendit.plan_references if product.xendit else ():
        hint = ProductHint(kind="plan_reference", value=f"{prefix}{NAME}")
        if prefix and catalog.match([hint]).product is product:
            return prefix
    raise _lacking(product, "plan_reference_missing")


def interval_of(product: Product) -> tuple[Interval, int]:
    """A period as the provider counts it. Raises Problem for one that it cannot."""
    period = Period.parse(product.period or "")
    if period.months:
        return ("YEAR", period.months // 12) if period.months % 12 == 0 else ("MONTH", period.months)
    days, rest = divmod(int(period.span.total_seconds()), 86_400)
    if rest or not days:
        raise _lacking(product, "period_too_short")
    return ("WEEK", days // 7) if days % 7 == 0 else ("DAY", days)


def retries_of(product: Product) -> int:
    """A charge that failed is tried again each day of the grace: after it nobody has access, and nobody is charged."""
    if product.grace is None:
        return 0
    grace = Period.parse(product.grace)
    return min(grace.months * 30 + grace.span.days, RETRIES_MAX)


def _lacking(product: Product, reason: str) -> Problem:
    return Problem("product_not_for_sale", field="plan", product=product.id, lacks=Reason(reason))

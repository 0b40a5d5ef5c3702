"""From what an application wants to sell to a request that a provider can be asked for: prices of today, and what would not be taken anyway."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from api.checkout.wanted import Wanted
from providers.asking import AskedLine
from providers.registry import PROVIDERS
from schemas.catalog import Catalog, Product
from schemas.checkout_api import OrderBody
from schemas.periods import Period
from schemas.problem_reasons import Reason
from schemas.problems import Problem
from schemas.request_facts import RequestedItem

if TYPE_CHECKING:
    from runtime.settings import Settings


def order_wanted(
    body: OrderBody, catalog: Catalog, settings: Settings, least_orders: Mapping[str, int]
) -> Wanted:
    """`least_orders`: by provider that can be called. Raises Problem, which names the field."""
    provider = settings.payment_provider
    if provider is None:
        raise Problem("provider_not_configured", provider="PAYMENT_PROVIDER")
    traits = PROVIDERS[provider].traits
    if not traits.paid_by_hand and provider not in least_orders:
        raise Problem("provider_not_configured", provider=provider)
    quantities: Counter[str] = Counter()
    for item in body.items:
        quantities[item.product] += item.quantity
    products = {name: _product(catalog, name, number) for number, name in enumerate(quantities)}
    total = sum((products[name].price_idr or 0) * count for name, count in quantities.items())
    least = least_orders.get(provider, 0)
    if total < least:
        raise Problem("order_below_minimum", field="items", total=total, minimum=least, provider=provider)
    lines = tuple(_line(products[name], count) for name, count in quantities.items())
    if traits.sells_store_products:
        for line in lines:
            if line.variant is None and line.bundle is None:
                lacks = Reason("store_id_missing")
                raise Problem("product_not_for_sale", field="items", product=line.product, lacks=lacks)
    return Wanted(
        kind="order",
        provider=provider,
        customer_id=body.customer_id,
        amount_idr=total,
        description=", ".join(line.title for line in lines)[:200],
        lasts=None if traits.paid_by_hand else Period.parse(f"{settings.order_expiry_hours}h"),
        items=tuple(_item(products[name], count) for name, count in quantities.items()),
        page=(settings.manual_payment_url or "") if traits.paid_by_hand else None,
        second=body.allow_second,
        needs=traits.order_needs,
        more={"lines": lines, "return_url": settings.app_url.rstrip("/") if settings.app_url else None},
    )


def _product(catalog: Catalog, name: str, number: int) -> Product:
    product = catalog.product(name)
    if product is None:
        raise Problem("product_unknown", field=f"items.{number}.product", product=name[:64])
    if not product.price_idr:
        raise Problem(
            "product_not_for_sale",
            field=f"items.{number}.product",
            product=product.id,
            lacks=Reason("price_missing"),
        )
    return product


def _item(product: Product, quantity: int) -> RequestedItem:
    return RequestedItem(
        product=product.id,
        kind=product.kind,
        quantity=quantity,
        price_idr=product.price_idr or 0,
        title=product.title,
        chat_tokens=product.chat_tokens,
        tier=product.tier,
        period=product.period,
        grace=product.grace,
        part_refund=product.part_refund,
        late=product.late,
        overpaid=product.overpaid,
    )


def _line(product: Product, quantity: int) -> AskedLine:
    names = product.scalev
    return AskedLine(
        product=product.id,
        title=product.title or product.id,
        quantity=quantity,
        price_idr=product.price_idr or 0,
        variant=next(iter(names.variant_unique_ids), None) if names else None,
        bundle=next(iter(names.bundle_price_option_unique_ids), None) if names else None,
    )

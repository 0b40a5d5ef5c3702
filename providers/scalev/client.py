"""Calls to Scalev: orders of its store, and the page where each is paid (developers.scalev.id/docs/membuat-order, docs.scalev.com/id/dev-pendahuluan).

There is no idempotency: the same order twice is two orders. So ours carries our reference in its metadata and its notes, and after a call
whose end is unknown it is looked for among the orders of that customer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from providers.asking import Opening, PayInstrument, PaymentAsk
from providers.call_record import CallMetrics
from providers.outgoing import CallFailed, CallLimits, ProviderApi
from providers.scalev.listing import rows_of
from providers.scalev.looking import ScalevLooks
from providers.scalev.refusals import judge
from providers.scalev.shelf import ScalevShelf
from providers.scalev.zone import ZONE
from providers.section import Section
from providers.watching import Looked, Watched
from runtime.breaker import Breaker
from schemas.errors import AmountError, UntranslatableError

PAGE_ROWS = 25  # the most that Scalev gives
PAGES_SEARCHED = 8
"""Of one customer's orders, newest first: 200 orders of one customer within the minutes that an answer stays out are not a customer's."""


def scalev_api(
    base_url: str, key: str, limits: CallLimits, breaker: Breaker, metrics: CallMetrics | None = None
) -> ProviderApi:
    """One key. Everything that calls Scalev shares it: its rate limit is one for all routes."""
    return ProviderApi(
        "scalev", base_url, {"Authorization": f"Bearer {key}"}, limits, breaker, judge, metrics
    )


class ScalevClient:
    """One store. `store_id` None: the key's only one. `page`: where an order is paid when the answer names no page; `{secret_slug}` is filled in."""

    def __init__(
        self,
        api: ProviderApi,
        *,
        store_id: str | None,
        page: str,
    ) -> None:
        self._api = api
        self._store_id, self._page = store_id, page
        self._looks = ScalevLooks(api)

    def repeats_safely(self, _ask: PaymentAsk) -> bool:
        return False

    async def open(self, ask: PaymentAsk) -> Opening:
        body = _order(ask, await self._store())
        return self._opening((await self._api.call("create_order", "POST", "/v3/orders", body=body)).document)

    async def find(self, ask: PaymentAsk) -> Opening | None:
        async for row in self._orders_of(ask):
            if row.get("metadata") is None and row.get("notes") is None:
                row = await self._read(row)
            if _is_ours(row, ask.reference):
                return self._opening(row)
        return None

    def at_leisure(self) -> bool:
        return self._api.at_leisure()

    async def look(self, one: Watched) -> Looked:
        return await self._looks.look(one)

    async def withdraw(self, one: Watched) -> None:
        await self._looks.withdraw(one)

    async def close(self) -> None:
        """The API is shared, and closed by who made it."""

    async def _store(self) -> str:
        """Raises CallFailed when several stores could be meant."""
        if self._store_id is None:
            self._store_id = (await ScalevShelf(self._api, None).store()).unique_id
        return self._store_id

    async def _orders_of(self, ask: PaymentAsk) -> AsyncIterator[Mapping[str, Any]]:
        field, text = (
            ("customer_email", ask.payer_email) if ask.payer_email else ("customer_name", _name(ask))
        )
        query = {"search": text, "search_field": field, "page_size": str(PAGE_ROWS)}
        for _ in range(PAGES_SEARCHED):
            listed = await self._api.call("find_order", "GET", "/v3/orders", query=query, harmless=True)
            for row in rows_of(listed.document):
                yield row
            following = listed.document.get("next_cursor")
            if not following:
                return
            query = query | {"cursor": str(following)}

    async def _read(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        """The whole order: a row of the list may leave out what we know ours by."""
        path = f"/v3/orders/{row.get('id')}"
        document = (await self._api.call("read_order", "GET", path, harmless=True)).document
        return document if isinstance(document, dict) else {}

    def _opening(self, document: Any) -> Opening:
        """Raises CallFailed `unknown` for an answer that names no order: it may exist all the same."""
        try:
            order = Section.of(document, ZONE)
            number, record = order.identifier("order_id"), order.identifier("id")
        except UntranslatableError as error:
            raise CallFailed("unknown", "provider_unreadable") from error
        key = number or record
        if key is None:
            raise CallFailed("unknown", "provider_unreadable")
        return Opening(
            payment_key=key,
            aliases=tuple(name for name in (number, record) if name and name != key),
            status=order.text("payment_status"),
            amount=_charged(order),
            instrument=PayInstrument(payment_url=self._address(order)),
        )

    def _address(self, order: Section) -> str | None:
        """`payment_url` is the order's page with what the payer needs; a store with a domain of its own has it there."""
        for name in ("payment_url", "public_order_url"):
            found = order.values.get(name)
            if isinstance(found, str) and found:
                return found
        slug = order.identifier("secret_slug")
        return self._page.replace("{secret_slug}", slug) if slug else None


def _charged(order: Section) -> int | None:
    """What the payer is charged; a detail here, so an unreadable one is absent. The webhooks tell it again."""
    try:
        return order.amount_if_any("gross_revenue")
    except AmountError:
        return None


def _order(ask: PaymentAsk, store_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "store_unique_id": store_id,
        "customer_name": _name(ask),
        "payment_method": "payment_link",
        "metadata": {"checkout_id": ask.reference, "customer_id": ask.customer_id},
        "notes": ask.reference,
    }
    for field, value in (("customer_email", ask.payer_email), ("customer_phone", ask.payer_phone)):
        if value:
            body[field] = value
    variants = [
        {"quantity": line.quantity, "variant_unique_id": line.variant} for line in ask.lines if line.variant
    ]
    bundles = [
        {"quantity": line.quantity, "bundle_price_option_unique_id": line.bundle}
        for line in ask.lines
        if line.bundle and not line.variant
    ]
    body |= {name: lines for name, lines in (("ordervariants", variants), ("orderbundles", bundles)) if lines}
    back = f"{ask.return_url}/success" if ask.return_url else ask.page_url
    if back:
        body |= {"is_post_payment_redirect_enabled": True, "post_payment_redirect_url": back}
    return body


def _name(ask: PaymentAsk) -> str:
    """Scalev wants a name; of a customer without one it is told what it is told anyway."""
    return ask.payer_name or ask.payer_email or ask.customer_id


def _is_ours(order: Mapping[str, Any], reference: str) -> bool:
    metadata = order.get("metadata")
    return (isinstance(metadata, dict) and metadata.get("checkout_id") == reference) or order.get(
        "notes"
    ) == reference

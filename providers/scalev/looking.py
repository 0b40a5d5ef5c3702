"""What became of an order at Scalev, and its end by our call (docs.scalev.com/api-reference/orders).

Scalev closes nothing by itself. An order is cancelled when it is asked about for the last time, and not before: nothing says that cancelling stops
the gateway's account number, and until then money that comes late is delivered; for a cancelled order it would wait for a person.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.outgoing import CallFailed, ProviderApi
from providers.refusals import where_permitted
from providers.scalev.listing import rows_of
from providers.scalev.payments import of_snapshot
from providers.scalev.refusals import judge
from providers.scalev.zone import ZONE
from providers.section import Section
from providers.watching import Looked, Watched, told

_RECORD = re.compile(r"[0-9]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ENDED = frozenset({"canceled", "closed", "rts"})
_LINES = ("orderlines", "orderbundles")


class ScalevLooks:
    """Over the calls of one key."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    async def look(self, one: Watched) -> Looked:
        """Raises CallFailed; `refused` with 404 for an order that is no more."""
        record = await self._record(one.payment_key)
        order = await self._call("read_order", "GET", f"/v3/orders/{record}")
        if order.get("payment_status") == "unpaid" and order.get("pg_reference_id"):
            # The gateway may know of money that it never told Scalev.
            order |= await self._call("check_payment", "POST", f"/v3/orders/{record}/check-payment")
        status = str(order.get("payment_status") or "").lower()
        if status == "unpaid":
            ended = str(order.get("status") or "").lower()
            return Looked(
                status=ended if ended in _ENDED else status, payable=one.last and ended not in _ENDED
            )
        # Without its lines: what was charged is said by the payment itself, whether or not the order's own webhook came.
        bare = {name: value for name, value in order.items() if name not in _LINES}
        return Looked(status=status, facts=told(lambda now: of_snapshot(Section.of(bare, ZONE), now)))

    async def withdraw(self, one: Watched) -> None:
        """Raises CallFailed; `refused` too for a restricted key without the scope `order:change_status`. A webhook tells of a cancelled order."""
        record = await self._record(one.payment_key)
        await self._api.call(
            "cancel_order",
            "POST",
            "/v3/orders/change-status",
            body={"ids": [record], "status": "canceled"},
            harmless=True,
            judge=where_permitted(judge),
        )

    async def _record(self, key: str) -> str:
        """The id that orders are read by; we know one by its number."""
        if _RECORD.fullmatch(key):
            return key
        query = {"search": key, "search_field": "order_id"}
        listed = await self._api.call("find_order", "GET", "/v3/orders", query=query, harmless=True)
        for row in rows_of(listed.document):
            if row.get("order_id") == key and row.get("id"):
                return str(row["id"])
        raise CallFailed("refused", "provider_refused", status=404, said="no order has this number")

    async def _call(self, operation: str, method: str, path: str) -> dict[str, Any]:
        document = (await self._api.call(operation, method, path, harmless=True)).document
        if not isinstance(document, Mapping):
            raise CallFailed("unknown", "provider_unreadable")
        return dict(document)

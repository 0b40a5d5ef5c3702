"""Whether Xendit takes our key, and whose account it is: one invoice says the business it belongs to."""

from __future__ import annotations

from providers.accounts import AccountFault
from providers.outgoing import ProviderApi


class XenditAccount:
    """`business_id`: what the settings say."""

    def __init__(self, api: ProviderApi, business_id: str | None) -> None:
        self._api, self._business_id = api, business_id

    async def faults(self, _sold: frozenset[str]) -> list[AccountFault]:
        reply = await self._api.call(
            "list_invoices", "GET", "/v2/invoices", query={"limit": "1"}, harmless=True
        )
        rows = reply.document if isinstance(reply.document, list) else []
        owners = {row.get("user_id") for row in rows if isinstance(row, dict) and row.get("user_id")}
        if self._business_id is None or not owners or self._business_id in owners:
            return []
        return [AccountFault("account_mismatch", str(owners.pop()))]

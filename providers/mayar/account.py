"""Whether Mayar takes our key, and whether the merchant sells what the catalogue names."""

from __future__ import annotations

from providers.accounts import AccountFault
from providers.outgoing import ProviderApi

PAGE_ROWS = 50
PAGES_MAX = 10  # half of what Mayar lets us call in a minute


class MayarAccount:
    """One merchant."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    async def faults(self, sold: frozenset[str]) -> list[AccountFault]:
        known: set[str] = set()
        for page in range(1, PAGES_MAX + 1):
            query = {"page": str(page), "pageSize": str(PAGE_ROWS)}
            document = (
                await self._api.call("list_products", "GET", "/hl/v1/product", query=query, harmless=True)
            ).document
            rows = document.get("data") if isinstance(document, dict) else None
            names = {str(row.get("id")) for row in rows or () if isinstance(row, dict)}
            if not names - known:
                break
            known |= names
            if sold <= known or document.get("hasMore") is False:
                break
        unknown = sorted(sold - known)
        return [AccountFault("ids_unknown", ", ".join(unknown))] if unknown else []

"""Mayar's own word on one membership, in the words of its webhook (docs.mayar.id/api-reference-v2: membership/memberdetail, saas/verify).

A member is asked for by id and product. A licence's code is asked about where a webhook named one; its answer names no buyer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from providers.mayar.licences import MayarLicences
from providers.mayar.zone import ZONE
from providers.moments import parse_moment
from providers.outgoing import CallFailed, ProviderApi
from providers.reconciling import AskedMembership, ToldMembership, as_webhook

PRODUCTS_ASKED = 3
"""Of how many products one membership is asked for, so that it costs few of the calls that Mayar takes."""
_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")


class MayarMemberships:
    """Over the calls of one account."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api
        self._licences = MayarLicences(api)

    async def ask(self, asked: AskedMembership) -> ToldMembership | None:
        """The first answer of a product that knows it. Raises CallFailed."""
        products = asked.products[:PRODUCTS_ASKED]
        for name in filter(_NAME.fullmatch, asked.members):
            for product in products:
                if (found := await self._member(name, product)) is not None:
                    return _as_member(found, name, product)
        for code in asked.licences:
            for product in products:
                if (told := await self._licence(code, product)) is not None:
                    return told
        return None

    async def _member(self, name: str, product: str) -> Mapping[str, Any] | None:
        path = f"/hl/v2/memberships/members/{name}"
        try:
            reply = await self._api.call(
                "read_member", "GET", path, query={"productId": product}, harmless=True
            )
        except CallFailed as failed:
            if failed.outcome == "refused" and "404" in (str(failed.status), failed.said_code):
                return None
            raise
        data = reply.document.get("data") if isinstance(reply.document, dict) else None
        if not isinstance(data, dict) or not isinstance(data.get("status"), str):
            raise CallFailed("unknown", "provider_unreadable")
        return data

    async def _licence(self, code: str, product: str) -> ToldMembership | None:
        word = await self._licences.verify(code, product)
        if word.status == "not_found":
            return None
        said = {
            "licenseCode": code,
            "productId": product,
            "membershipTierName": word.tier_name,
            "expiredAt": word.expires_at.isoformat() if word.expires_at else None,
        }
        active = word.status == "active" and word.member_active is not False
        body = _as_sent("subscription.activated", said) if active else None
        return ToldMembership(active=active, status=word.status, expires_at=word.expires_at, body=body)


def _as_member(found: Mapping[str, Any], name: str, product: str) -> ToldMembership:
    """Raises CallFailed where it states an end that nobody can read: without one it would be good for ever."""
    status, stated = str(found["status"]), found.get("expiredAt") or found.get("nextPayment")
    ends = parse_moment(stated, ZONE)
    if stated and ends is None:
        raise CallFailed("unknown", "provider_unreadable")
    buyer, tier = _part(found, "customer"), _part(found, "membershipTier")
    said = {
        "status": status.upper(),
        "memberId": name,
        "productId": product,
        "membershipTierId": found.get("membershipTierId") or tier.get("id"),
        "membershipTierName": tier.get("name"),
        "expiredAt": stated or None,
        "customerId": found.get("customerId"),
        "customerEmail": buyer.get("email"),
        "customerMobile": buyer.get("mobile"),
        "customerName": buyer.get("name"),
    }
    active = status.upper() == "ACTIVE"
    body = _as_sent("membership.newMemberRegistered", said) if active else None
    return ToldMembership(active=active, status=status.lower(), expires_at=ends, body=body)


def _as_sent(event: str, said: Mapping[str, Any]) -> bytes:
    data = {name: value for name, value in said.items() if value is not None}
    return as_webhook({"event": event, "data": data})


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given = found.get(name)
    return given if isinstance(given, dict) else {}

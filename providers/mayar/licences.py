"""Licences at Mayar, on its routes for memberships (saas) and for software (docs.mayar.id/api-reference-v2, saas and software).

A licence is known on the routes of what its product is, and nobody is told which that is. The saas routes tell more, and at times they
answer 401 to a key that works everywhere else: then the software routes are asked, and saas is left alone for a while.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from providers.licensing import LicenceStatus, LicenceWord
from providers.mayar.api import message_of, stated_status
from providers.mayar.zone import ZONE
from providers.moments import parse_moment
from providers.outgoing import CallFailed, ProviderApi
from providers.refusals import by_status

SAAS, SOFTWARE = "/saas/v2/license", "/software/v1/license"
SAAS_RESTS_SECONDS = (
    600.0  # an odd 401 has lasted for days; asking a hundred times a day tells soon enough that it is over
)
TRANSACTION_MAX = 128  # characters; theirs are UUIDs
PRODUCTS_REMEMBERED = 256  # which routes know a product; more products than any shop has
_STATUSES: Mapping[str, LicenceStatus] = {"ACTIVE": "active", "INACTIVE": "inactive", "EXPIRED": "expired"}


class MayarLicences:
    """Over the one API of an account."""

    def __init__(self, api: ProviderApi, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api, self._clock = api, clock
        self._known: OrderedDict[str, str] = OrderedDict()
        self._saas_rests_until = 0.0

    @property
    def provider(self) -> str:
        return self._api.provider

    async def verify(self, code: str, product_id: str) -> LicenceWord:
        try:
            document = await self._ask("verify", code, product_id)
        except CallFailed as failed:
            if failed.code == "licence_not_found":
                return LicenceWord(status="not_found")
            raise
        return _word(document)

    async def switch(self, code: str, product_id: str, *, active: bool) -> bool:
        try:
            document = await self._ask("activate" if active else "deactivate", code, product_id)
        except CallFailed as failed:
            if failed.code == ("licence_active_already" if active else "licence_inactive_already"):
                return False
            raise
        if not isinstance(document, dict) or not ("statusCode" in document or message_of(document)):
            # Neither yes nor no: it may have been done all the same.
            raise CallFailed("unknown", "provider_unreadable")
        return True

    async def _ask(self, verb: str, code: str, product_id: str) -> Any:
        """The first answer of a route that knows the licence. Raises CallFailed `licence_not_found` when none does."""
        failed: CallFailed | None = None
        for base in self._routes(product_id):
            try:
                reply = await self._api.call(
                    f"licence_{verb}",
                    "POST",
                    f"{base}/{verb}",
                    body={"licenseCode": code, "productId": product_id},
                    # To set what is set already changes nothing, and to read never does.
                    harmless=True,
                    judge=_judge_saas if base == SAAS else judge_licence,
                )
            except CallFailed as error:
                if error.code == "licence_route_refused":
                    self._saas_rests_until = self._clock() + SAAS_RESTS_SECONDS
                elif error.code != "licence_not_found":
                    raise
                failed = error if failed is None or error.code == "licence_not_found" else failed
            else:
                self._remember(product_id, base)
                return reply.document
        raise failed or CallFailed("refused", "licence_not_found")

    def _routes(self, product_id: str) -> list[str]:
        """In the order to ask them: where the product was known last first."""
        first = self._known.get(product_id, SAAS)
        routes = [first, SOFTWARE if first == SAAS else SAAS]
        return [base for base in routes if base != SAAS or self._clock() >= self._saas_rests_until]

    def _remember(self, product_id: str, base: str) -> None:
        self._known[product_id] = base
        self._known.move_to_end(product_id)
        while len(self._known) > PRODUCTS_REMEMBERED:
            self._known.popitem(last=False)


def judge_licence(status: int, document: Any) -> CallFailed | None:
    """What an answer about a licence means; its reasons have no codes, only words."""
    said = stated_status(status, document)
    if said < 300:
        return None
    words = message_of(document)
    if said in (400, 404, 409, 422) and (code := _reason(words.casefold())):
        return CallFailed("refused", code, said_code=str(said), said=words)
    outcome, ours = by_status(said)
    return CallFailed(outcome, ours, said_code=str(said), said=words)


def _judge_saas(status: int, document: Any) -> CallFailed | None:
    if stated_status(status, document) == 401:
        # Says nothing about the key: only the software routes do.
        return CallFailed("refused", "licence_route_refused", said_code="401", said=message_of(document))
    return judge_licence(status, document)


def _reason(words: str) -> str | None:
    if "already inactive" in words or "already deactivated" in words:
        return "licence_inactive_already"
    if "already active" in words or "already activated" in words:
        return "licence_active_already"
    if "expired" in words:
        return "licence_expired"
    if "limit" in words:
        return "licence_limit_reached"
    unknown = ("no license" in words, "license" in words and "not found" in words, "invalid license" in words)
    return "licence_not_found" if any(unknown) else None


def _word(document: Any) -> LicenceWord:
    """Raises CallFailed for an answer that says nothing of a licence: it is unknown then, not invalid."""
    said = document.get("licenseCode") if isinstance(document, dict) else None
    active = document.get("isLicenseActive") if isinstance(document, dict) else None
    if not isinstance(said, dict) or not isinstance(active, bool):
        raise CallFailed("unknown", "provider_unreadable")
    status = _STATUSES.get(str(said.get("status") or "").upper())
    if status is None or (status == "active") != active:
        # Where the two disagree the verdict counts, and its absence never opens anything.
        status = "active" if active else ("inactive" if status == "active" else status or "inactive")
    member = document.get("memberStatus", said.get("memberStatus"))
    tier, sold_with = said.get("membershipTierName"), said.get("transactionId")
    return LicenceWord(
        status=status,
        expires_at=_end(said.get("expiredAt")),
        activation_limit=_count(said.get("activationLimit")),
        use_count=_count(said.get("useCount")),
        tier_name=tier if isinstance(tier, str) and tier else None,
        member_active=member.upper() == "ACTIVE" if isinstance(member, str) and member else None,
        transaction_id=sold_with
        if isinstance(sold_with, str) and 0 < len(sold_with) <= TRANSACTION_MAX
        else None,
    )


def _count(value: Any) -> int | None:
    """A number as such or in digits; a word ("Tidak terbatas") is no limit."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _end(value: Any) -> datetime | None:
    """None when it has none. Raises CallFailed for one nobody can read: without an end, it would be good for ever."""
    if value is None or value == "":
        return None
    moment = parse_moment(value, ZONE)
    if moment is None:
        raise CallFailed("unknown", "provider_unreadable")
    return moment

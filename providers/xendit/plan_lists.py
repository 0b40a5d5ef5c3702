"""Xendit's own word on recurring plans, for reconciliation: a plan and its charges (cycles), each as the webhook that tells of it.

A charge is listed among the transactions as a payment like any other; only its plan knows that it renews somebody's subscription. The plan is
found by the reference that all its charges bear (docs.xendit.co/apidocs: list-recurring-cycles).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from providers.moments import parse_moment
from providers.outgoing import CallFailed, ProviderApi
from providers.reconciling import (
    ListedPayment,
    ListedStatus,
    RowUnreadable,
    Told,
    UnreadableRow,
    as_webhook,
    cursor_in,
    id_in,
    unreadable,
    whole_rupiah,
)
from providers.xendit.plan_client import API_VERSION, MOST_CYCLES
from providers.xendit.zone import ZONE

PAGES_MAX = 100  # of one plan: twelve years of daily charges
_VERSION = {"api-version": API_VERSION}
_SUCCEEDED = "recurring.cycle.succeeded"
_CYCLES: dict[str, tuple[str, ListedStatus]] = {
    "SUCCEEDED": (_SUCCEEDED, "paid"),
    "RETRYING": ("recurring.cycle.retrying", "open"),
    "FAILED": ("recurring.cycle.failed", "failed"),
}
"""Of the others nobody waits to hear."""
_PLANS: dict[str, tuple[str, ListedStatus]] = {
    "ACTIVE": ("recurring.plan.activated", "open"),
    "INACTIVE": ("recurring.plan.inactivated", "expired"),
}

Document = Mapping[str, Any]


class XenditPlanLists:
    """One account's plans, as far as they are asked about."""

    def __init__(self, api: ProviderApi) -> None:
        self._api = api

    async def rows(self, plan_key: str, since: datetime) -> list[ListedPayment | UnreadableRow]:
        """The plan and its charges of the time; nothing for a plan that is not there."""
        try:
            reply = await self._api.call(
                "read_plan", "GET", f"/recurring/plans/{plan_key}", headers=_VERSION, harmless=True
            )
        except CallFailed as failed:
            if failed.outcome == "refused" and failed.status == 404:
                return []
            raise
        plan = reply.document
        if not isinstance(plan, dict):
            raise CallFailed("unknown", "provider_unreadable")
        found: list[ListedPayment | UnreadableRow] = []
        said = _PLANS.get(_word(plan, "status"))
        if said is not None:
            found.append(_listed(*said, plan, plan_key))
        cycles, whole = await self._cycles(plan_key)
        found += [row for cycle in cycles if (row := _row(cycle, since)) is not None]
        return found if whole else [*found, unreadable(plan_key, "list_cut_off")]

    async def charge(self, payment: Document, name: str) -> Told | None:
        """The charge that a payment was, as its own webhook; None when it is none of a plan's."""
        reference = payment.get("reference_id")
        if not isinstance(reference, str) or not reference:
            return None
        query = {"reference_id": reference}
        listed = await self._api.call(
            "find_plan", "GET", "/recurring/plans", query=query, headers=_VERSION, harmless=True
        )
        rows = [row for row in _rows(listed.document) if isinstance(row, dict)]
        plans = [row for row in rows if row.get("reference_id") == reference]
        if len(plans) != 1 or not isinstance(plans[0].get("id"), str):
            return None
        cycles, _ = await self._cycles(str(plans[0]["id"]))
        for cycle in cycles:
            if isinstance(cycle, dict) and _word(cycle, "status") == "SUCCEEDED" and name in _payments(cycle):
                return Told(status="paid", amount=_amount(cycle), body=_webhook(_SUCCEEDED, cycle))
        return None

    async def _cycles(self, plan_key: str) -> tuple[list[Any], bool]:
        """Its charges as they are listed, rubbish too, and whether these are all."""
        found: list[Any] = []
        cursor: str | None = None
        for _ in range(PAGES_MAX):
            query = {"limit": MOST_CYCLES} | ({"after_id": cursor} if cursor else {})
            listed = await self._api.call(
                "list_cycles",
                "GET",
                f"/recurring/plans/{plan_key}/cycles",
                query=query,
                headers=_VERSION,
                harmless=True,
            )
            rows = _rows(listed.document)
            found += rows
            if not listed.document.get("has_more"):
                return found, True
            places = [row.get("id") for row in rows if isinstance(row, dict)]
            following = next(filter(None, map(cursor_in, reversed(places))), None)
            if following is None or following == cursor:
                break
            cursor = following
        return found, False


def _row(cycle: Any, since: datetime) -> ListedPayment | UnreadableRow | None:
    """None: nobody waits for it, or it is older than what is looked at."""
    if not isinstance(cycle, dict):
        return unreadable(cycle, "not_an_object")
    name, said = id_in(cycle.get("id")), _CYCLES.get(_word(cycle, "status"))
    if said is None:
        return None if _word(cycle, "status") else unreadable(cycle, "status_unknown")
    if name is None:
        return unreadable(cycle, "id_missing")
    at = parse_moment(cycle.get("updated"), ZONE) or parse_moment(cycle.get("scheduled_timestamp"), ZONE)
    if at is not None and at < since:
        return None
    return _listed(*said, cycle, name)


def _listed(event: str, status: ListedStatus, told: Document, name: str) -> ListedPayment:
    return ListedPayment(
        status=status,
        amount=_amount(told) if event == _SUCCEEDED else None,
        at=parse_moment(told.get("updated"), ZONE),
        webhook=_webhook(event, told),
        called=name,
        brings=tuple(_payments(told)),
    )


def _payments(cycle: Document) -> list[str]:
    attempts = cycle.get("attempt_details")
    return [
        name
        for one in (attempts if isinstance(attempts, list) else ())
        if isinstance(one, dict) and one.get("status") == "SUCCEEDED"
        if (name := id_in(one.get("payment_id"))) is not None
    ]


def _webhook(event: str, data: Document) -> bytes:
    return as_webhook({"event": event, "business_id": data.get("business_id"), "data": dict(data)})


def _amount(document: Document) -> int | None:
    try:
        return whole_rupiah(document.get("amount"))
    except RowUnreadable:
        return None


def _word(document: Document, name: str) -> str:
    return str(document.get(name) or "").upper()


def _rows(document: Any) -> list[Any]:
    """Raises CallFailed for an answer that is no list."""
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise CallFailed("unknown", "provider_unreadable")
    return rows

"""Calls to Xendit about recurring plans (docs.xendit.co/apidocs: create-, update-, deactivate-recurring-plan, update- and force-attempt-recurring-cycle).

A plan belongs to a customer of Xendit's, who has our id as reference. `POST /recurring/plans` lists no idempotency key: the reference is unique, a
call whose end is unknown is looked up by it, and a duplicate is the plan that was made before.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from providers.call_record import CallMetrics
from providers.moments import parse_moment
from providers.outgoing import CallFailed, CallLimits, ProviderApi
from providers.plan_asking import PlanAsk, PlanOpening, Repriced, schedule_day
from providers.xendit.refusals import ALREADY_THERE, judge
from providers.xendit.zone import ZONE
from runtime.breaker import Breaker

API_VERSION = "2026-01-01"
WAITING = ("SCHEDULED", "RETRYING")  # cycles that an attempt can be forced of
_LINKED = {"ACTIVE": True, "REQUIRES_ACTION": False, "PENDING": False}
MOST_CYCLES = "50"  # per page, and more than a plan has that waits


class XenditPlans:
    """One account's recurring plans."""

    def __init__(
        self,
        base_url: str,
        secret_key: str,
        limits: CallLimits,
        breaker: Breaker,
        *,
        metrics: CallMetrics | None = None,
    ) -> None:
        basic = b64encode(f"{secret_key}:".encode()).decode()
        headers = {"Authorization": f"Basic {basic}", "api-version": API_VERSION}
        self._api = ProviderApi("xendit", base_url, headers, limits, breaker, judge, metrics)

    async def open(self, ask: PlanAsk) -> PlanOpening:
        body = _plan(ask, await self._customer(ask))
        try:
            reply = await self._api.call(
                "create_plan",
                "POST",
                "/recurring/plans",
                body=body,
                headers={"idempotency-key": ask.reference},
            )
        except CallFailed as failed:
            if failed.outcome != "refused" or failed.said_code not in ALREADY_THERE:
                raise
            found = await self.find(ask)
            if found is None:
                raise
            return found
        return _opening(reply.document)

    async def find(self, ask: PlanAsk) -> PlanOpening | None:
        listed = await self._api.call(
            "find_plan", "GET", "/recurring/plans", query={"reference_id": ask.reference}, harmless=True
        )
        found = [row for row in _rows(listed.document) if row.get("reference_id") == ask.reference]
        return _opening(found[0]) if found else None

    async def read(self, plan_key: str) -> PlanOpening:
        read = await self._api.call("read_plan", "GET", f"/recurring/plans/{plan_key}", harmless=True)
        return _opening(read.document)

    async def stop(self, plan_key: str) -> None:
        try:
            await self._api.call(
                "stop_plan", "POST", f"/recurring/plans/{plan_key}/deactivate", body={}, harmless=True
            )
        except CallFailed as failed:
            if failed.outcome != "refused" or (await self.read(plan_key)).status != "INACTIVE":
                raise

    async def reprice(self, plan_key: str, amount_idr: int, description: str) -> Repriced:
        path = f"/recurring/plans/{plan_key}"
        body: dict[str, Any] = {"amount": amount_idr, "description": description}
        changed = await self._api.call("change_plan", "PATCH", path, body=body, harmless=True)
        cycle = await self._waiting_cycle(plan_key)
        if cycle is not None:
            # The charge that comes next was made ready at the old price.
            body = {"amount": amount_idr}
            await self._api.call("change_cycle", "PATCH", f"{path}/cycles/{cycle}", body=body, harmless=True)
        return Repriced(changed_at=_moment(changed.document, "updated"), next_cycle=cycle)

    async def charge_now(self, plan_key: str, cycle: str) -> None:
        path = f"/recurring/plans/{plan_key}/cycles/{cycle}"
        try:
            await self._api.call("charge_cycle_now", "POST", f"{path}/force_attempt", body={})
        except CallFailed as failed:
            if failed.outcome != "refused":
                raise
            read = await self._api.call("read_cycle", "GET", path, harmless=True)
            if _text(read.document, "status") != "SUCCEEDED":
                raise

    async def close(self) -> None:
        await self._api.close()

    async def _customer(self, ask: PlanAsk) -> str:
        """Xendit's id of our customer, made when there is none. Making one twice is refused, so it is harmless."""
        listed = await self._api.call(
            "find_customer", "GET", "/customers", query={"reference_id": ask.customer_id}, harmless=True
        )
        found = [row for row in _rows(listed.document) if row.get("reference_id") == ask.customer_id]
        if not found:
            made = await self._api.call(
                "create_customer", "POST", "/customers", body=_person(ask), harmless=True
            )
            found = [made.document] if isinstance(made.document, dict) else []
        customer = _text(found[0], "id") if found else None
        if customer is None:
            raise CallFailed("unknown", "provider_unreadable")
        return customer

    async def _waiting_cycle(self, plan_key: str) -> str | None:
        """The charge that comes next."""
        path = f"/recurring/plans/{plan_key}/cycles"
        listed = await self._api.call("list_cycles", "GET", path, query={"limit": MOST_CYCLES}, harmless=True)
        waiting = [row for row in _rows(listed.document) if row.get("status") in WAITING and row.get("id")]
        first = min(waiting, key=lambda row: str(row.get("scheduled_timestamp")), default=None)
        return str(first["id"]) if first is not None else None


def _plan(ask: PlanAsk, customer: str) -> dict[str, Any]:
    """With a charge at once the first is made when the plan becomes active, and the schedule begins with the second."""
    schedule: dict[str, Any] = {
        "interval": ask.interval,
        "interval_count": ask.interval_count,
        "anchor_date": _anchor(ask.next_charge),
    }
    if ask.retries:
        schedule |= {"retry_interval": "DAY", "retry_interval_count": 1, "total_retry": ask.retries}
    body: dict[str, Any] = {
        "reference_id": ask.reference,
        "customer_id": customer,
        "recurring_action": "PAYMENT",
        "currency": "IDR",
        "amount": ask.amount_idr,
        "schedule": schedule,
        "immediate_payment": ask.charged_at_once,
        "failed_cycle_action": "STOP",
        "description": ask.description,
        "metadata": {"customer_id": ask.customer_id, "product": ask.product},
    }
    if ask.instrument:
        body["payment_tokens"] = [{"payment_token_id": ask.instrument, "rank": 1}]
    return body


def _anchor(next_charge: datetime) -> str:
    """Days 29 to 31 are no beginnings of schedules: a day or two early loses nobody anything, periods append."""
    return schedule_day(next_charge).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _person(ask: PlanAsk) -> dict[str, Any]:
    body: dict[str, Any] = {
        "reference_id": ask.customer_id,
        "type": "INDIVIDUAL",
        "individual_detail": {"given_names": ask.payer_name or ask.customer_id},
    }
    if ask.payer_email:
        body["email"] = ask.payer_email
    if ask.payer_phone:
        body["mobile_number"] = ask.payer_phone
    return body


def _rows(document: Any) -> list[Mapping[str, Any]]:
    rows = document.get("data") if isinstance(document, dict) else document
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _opening(document: Any) -> PlanOpening:
    """Raises CallFailed `unknown` for an answer that names no plan: it may exist all the same."""
    plan_key = _text(document, "id")
    if plan_key is None:
        raise CallFailed("unknown", "provider_unreadable")
    actions = document.get("actions")
    links = [row for row in actions if isinstance(row, dict)] if isinstance(actions, list) else []
    pages = [_text(row, "url") for row in links if row.get("action") == "AUTH"]
    status = _text(document, "status") or ""
    return PlanOpening(
        plan_key=plan_key,
        status=status,
        linked=_LINKED.get(status),
        action_url=next((page for page in pages if page), None),
    )


def _moment(document: Any, name: str) -> datetime:
    """Raises CallFailed `unknown`: what was changed has a time."""
    moment = parse_moment(_text(document, name), ZONE)
    if moment is None:
        raise CallFailed("unknown", "provider_unreadable")
    return moment


def _text(document: Any, name: str) -> str | None:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, str) and value else None

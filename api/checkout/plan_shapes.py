"""A request for a plan and its subscription as answers show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    import asyncpg

NEVER_TOLD = {"requested": "unknown", "refused": "failed"}
AT_WORK = ("active", "past_due", "pending")


def shape(row: asyncpg.Record) -> dict[str, Any]:
    """Our own word on its end counts at once, read models follow."""
    status = NEVER_TOLD.get(row["status"]) or row["shown_status"] or "pending"
    ends, open_at = row["expires_at"], row["access_until"]
    access, at_end = bool(row["has_access"]), bool(row["cancel_at_period_end"])
    if row["ends"] is not None and (status in AT_WORK or _unheard(row)):
        status, at_end = "cancelled", row["ends"] == "period_end" and access
        if row["ends"] == "now" or not access:
            ended = min(row["ended_at"], ends or row["ended_at"])
            access, ends, open_at = False, ended, ended
    act = orjson.loads(row["act"]) if row["act"] else {}
    wanted = act.get("sold", {}).get("product") or row["plan"]
    plan = row["shown_plan"] or row["plan"]
    goes_on = row["ends"] is None and status in AT_WORK
    return {
        "subscription_id": row["request_id"],
        "customer_id": row["customer_id"],
        "provider": row["provider"],
        "provider_subscription_id": row["plan_key"],
        "plan": plan,
        "tier": row["tier"],
        "amount": act.get("sold", {}).get("price_idr") or row["amount_idr"],
        "next_plan": wanted if goes_on and wanted != plan else None,
        "status": status,
        "has_access": access,
        # One that waits again because its money went back was linked long ago.
        "action_url": row["action_url"] if status == "pending" and row["started_at"] is None else None,
        "started_at": row["started_at"],
        "expires_at": ends,
        "access_until": open_at,
        "cancel_at_period_end": at_end,
        "first_charge_at": row["first_charge_at"],
        "created_at": row["created_at"],
        "failure_code": row["code"] if status == "failed" else row["ended_for"],
    }


def _unheard(row: asyncpg.Record) -> bool:
    """It ended now after it was to end with its period, and readers know of the period alone: no later charge has given it more."""
    known, before = row["expires_at"], row["paid_until"]
    return row["ends"] == "now" and known is not None and before is not None and known <= before


def step(row: asyncpg.Record) -> dict[str, Any]:
    """One decision of its history."""
    said = orjson.loads(row["data"])
    names = ("plan", "tier", "status", "expires_at", "access_until")
    shown = {name: said.get(name) for name in names}
    return shown | {"at": row["recorded_at"], "type": row["type"], "position": row["position"]}

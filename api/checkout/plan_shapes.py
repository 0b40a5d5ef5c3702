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
    if row["ends"] is not None and status in AT_WORK:
        status, at_end = "cancelled", row["ends"] == "period_end" and access
        if row["ends"] == "now" or not access:
            access, ends, open_at = False, row["ended_at"], row["ended_at"]
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
        "action_url": row["action_url"] if status == "pending" else None,
        "started_at": row["started_at"],
        "expires_at": ends,
        "access_until": open_at,
        "cancel_at_period_end": at_end,
        "created_at": row["created_at"],
        "failure_code": row["code"] if status == "failed" else row["ended_for"],
    }


def step(row: asyncpg.Record) -> dict[str, Any]:
    """One decision of its history."""
    said = orjson.loads(row["data"])
    names = ("plan", "tier", "status", "expires_at", "access_until")
    shown = {name: said.get(name) for name in names}
    return shown | {"at": row["recorded_at"], "type": row["type"], "position": row["position"]}

"""From rows to answers. The models in `schemas/api.py` say the same in types; a contract test compares the two."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from api.credit.account import Used
from api.credit.quotas import QuotasLeft, of_tier, tier_named
from api.reads.disputes import dispute_of
from schemas.catalog import Catalog, Tier
from schemas.vocabulary import method_word

if TYPE_CHECKING:
    import asyncpg

    Row = asyncpg.Record | dict[str, Any]

Document = dict[str, object]

TOKENS_PER_CREDIT_IDR = 10
"""Credit is shown in rupiah at the rate of 10 tokens, whatever a later catalogue sells tokens at."""


def seen(row: Row) -> Document:
    return {"position": row["at_position"], "lag_seconds": round(row["lag"], 3)}


def _summary(row: Row, first_tier: str) -> Document:
    return {
        "customer_id": row["customer_id"],
        "email": row["email"],
        "name": row["name"],
        "phone": row["phone"],
        "tier": row["tier"] or first_tier,
        "stale": row["stale"],
    }


def customer(row: Row, first_tier: str) -> Document:
    return _summary(row, first_tier) | seen(row)


def customers(rows: Sequence[Row], first_tier: str) -> Document:
    items = [_summary(row, first_tier) for row in rows]
    only: Document = dict.fromkeys(("customer_id", "email", "name", "phone", "tier"))
    if len(items) == 1:
        only = items[0]
    return only | {"stale": any(row["stale"] for row in rows), "items": items} | seen(rows[0])


def balance(customer_id: str, row: Row, first_tier: str) -> Document:
    return amounts(customer_id, row, first_tier) | seen(row)


def amounts(customer_id: str, row: Row, first_tier: str) -> Document:
    credit: int = row["credit_tokens"] or 0
    at = row["last_top_up_at"]
    return {
        "customer_id": customer_id,
        "tier": row["tier"] or first_tier,
        "tier_until": row["tier_until"],
        "credit_tokens": credit,
        "credit_idr": credit // TOKENS_PER_CREDIT_IDR,
        "reserved_tokens": row["reserved_tokens"] or 0,
        "debt_tokens": max(-credit, 0),
        "frozen": row["frozen"],
        "chat_tokens": row["chat_tokens"] or 0,
        "lifetime": {
            "topped_up_idr": row["topped_up_idr"] or 0,
            "spent_tokens": row["spent_tokens"] or 0,
            "spent_idr": row["spent_idr"] or 0,
        },
        "last_top_up": None if at is None else {"at": at, "amount_idr": row["last_top_up_idr"]},
        "stale": row["stale"],
    }


def page(rows: Sequence[Row], items: list[Document], customer_id: str | None = None) -> Document:
    owner: Document = {} if customer_id is None else {"customer_id": customer_id}
    return owner | {"items": items, "next_cursor": None} | seen(rows[0])


def subscription(row: Row) -> Document:
    names = (
        "subscription_id", "plan", "tier", "provider", "status", "has_access", "licence_code", "started_at", "expires_at",
        "access_until", "cancel_at_period_end", "held", "stale",
    )  # fmt: skip
    return {name: row[name] for name in names}


def tier_change(row: Row) -> Document:
    return {name: row[name] for name in ("tier", "since", "until", "fallback_tier", "reason", "position")}


def enrollment(row: Row) -> Document:
    return {
        "course": row["course"],
        "status": row["status"],
        "order_id": row["order_id"],
        "provider": row["provider"],
        "provider_payment_id": row["payment_id"],
        "granted_at": row["granted_at"],
        "revoked_at": row["revoked_at"],
        "revoked_reason": row["revoked_reason"],
        "stale": row["stale"],
    }


def payment(row: Row) -> Document:
    names = (
        "status", "amount", "requested_amount", "refunded_amount", "currency", "method", "channel", "payment_type",
        "reference_id", "customer_id", "payer_email", "paid_at", "late", "token_only", "attestation", "settled", "held", "failure_code", "stale",
    )  # fmt: skip
    shown: Document = {"provider": row["provider"], "provider_payment_id": row["payment_id"]} | {
        name: row[name] for name in names
    }
    return shown | {"method": method_word(row["method"])}


def payment_with_timeline(row: Row, timeline: Sequence[Row]) -> Document:
    more = {
        "dispute": dispute_of(timeline),
        "ids": row["ids"],
        "timeline": [_step(step) for step in timeline],
    }
    return payment(row) | more | seen(row)


def _step(row: Row) -> Document:
    delivery: Document | None = None
    if row["delivery_id"] is not None:
        delivery = {
            "delivery_id": row["delivery_id"],
            "event_name": row["event_name"],
            "received_at": row["received_at"],
            "status": row["status"],
            "duplicates": [_times(one, "received_at") for one in orjson.loads(row["duplicates"])],
        }
    names = ("position", "kind", "type", "stream", "recorded_at", "event_id", "causation_id", "actor")
    return {name: row[name] for name in names} | {"delivery": delivery, "data": orjson.Fragment(row["data"])}


def suspense(row: Row) -> Document:
    names = ("reason", "provider", "amount", "payer_email", "customer_id", "product", "since", "stale")
    return {"id": row["suspense_id"], "provider_payment_id": row["payment_id"]} | {
        name: row[name] for name in names
    }


def entitlements(
    customer_id: str,
    row: Row,
    plans: list[dict[str, Any]],
    catalog: Catalog,
    tokens: int | None,
    papers: int | None,
) -> Document:
    """`tokens` and `papers`: the cost that is asked about, if any."""
    name = row["tier"] or catalog.first_tier
    tier = tier_named(catalog, name)
    used = Used("", row["month_tokens"] or 0, row["month_papers"] or 0, "", row["day_tokens"] or 0)
    quotas = of_tier(tier, used, row["next_month"], row["next_day"])
    credit = row["credit_tokens"] or 0
    refused = _refused(tier, quotas, credit, frozen=row["frozen"], tokens=tokens or 0, papers=papers or 0)
    return {
        "customer_id": customer_id,
        "tier": name,
        "tier_until": row["tier_until"],
        "credit_based": tier.credit_based,
        "quotas": quotas.shown(),
        "allowed": None if tokens is None and papers is None else refused is None,
        "refused": refused,
        "frozen": row["frozen"],
        "credit_tokens": credit,
        "chat_tokens": row["chat_tokens"] or 0,
        "courses": row["courses"],
        "plans": [_times(plan, "access_until") for plan in plans],
        "stale": row["stale"],
        **seen(row),
    }


def _times(part: dict[str, Any], name: str) -> Document:
    """What PostgreSQL wrote as JSON, with its time as in the rest of the answer: it writes `+00:00`, we `Z`."""
    at = part[name]
    return part | {name: None if at is None else datetime.fromisoformat(at).astimezone(UTC)}


def _refused(
    tier: Tier, quotas: QuotasLeft, credit: int, *, frozen: bool, tokens: int, papers: int
) -> str | None:
    """The problem that reporting such a use would end in."""
    if quotas.exceeded(tokens, papers):
        return "quota_exceeded"
    if tier.credit_based and tokens:
        if frozen:
            return "account_frozen"
        if tokens > credit:
            return "insufficient_balance"
    return None


def ledger(rows: Sequence[Row], unbacked: Sequence[Row]) -> Document:
    found = [row for row in rows if row["unit"] is not None]
    items = [{name: row[name] for name in ("unit", "accounts", "debits", "credits", "sum")} for row in found]
    return {
        "balanced": not unbacked and all(row["sum"] == 0 for row in found),
        "stale": any(row["stale"] for row in (*found, *unbacked)),
        "items": items,
        "unbacked": [{name: row[name] for name in ("provider", "amount", "cases")} for row in unbacked],
        **seen(rows[0]),
    }

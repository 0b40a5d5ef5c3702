"""What the fakes tell has the fields of the recorded webhooks, and of the same kinds: a fixture and a fake cannot drift apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.unit.providers.fakes import test_mayar, test_scalev_orders, test_xendit_older, test_xendit_plans
from tests.unit.providers.fakes import test_xendit_requests as v3
from tests.unit.providers.fakes.stand import Caller, WebhookDoor

RECORDED = Path(__file__).parents[3] / "fixtures/providers"
ITS_OWN = {"mayar payment.received": {"membershipTierName"}}
"""Fields of the recorded sale that another sale has not: that one was a membership."""


async def everything(caller: Caller) -> None:
    """One of each story that the fakes can tell."""
    act = "/payments/{}/{}/{}"
    quiet = {"provider": "mayar", "do": "no_rate_limits"}
    await caller.control("POST", "/switches", quiet)
    for reference, changes in (
        ("a", {}),
        ("b", v3.OVO),
        ("c", v3.GOPAY | {"capture_method": "MANUAL"}),
        ("d", v3.OVO),
    ):
        await v3.create(caller, reference_id=reference, **changes)
    for reference, what in (("a", "pay"), ("a", "refund"), ("a", "dispute"), ("b", "fail"), ("c", "pay")):
        await caller.control("POST", act.format("xendit", reference, what), {})
    await v3.ask(caller, "POST", "/v2/invoices", test_xendit_older.INVOICE)
    await v3.ask(caller, "POST", "/payment_requests", test_xendit_older.OLD)
    for reference in ("faktur-1", "lama-1"):
        await caller.control("POST", act.format("xendit", reference, "pay"), {})
    await test_xendit_plans.create(caller)
    await test_xendit_plans.link(caller)
    order = await test_scalev_orders.create(caller, payment_method="qris")
    for what in ("pay", "settle", "cancel", "delete"):
        await caller.control("POST", act.format("scalev", order["id"], what), {})
    other = await test_scalev_orders.create(caller)
    await caller.control("POST", act.format("scalev", other["id"], "fail"), {})
    invoice = await test_mayar.create(caller)
    await test_mayar.create(caller, description="never paid")
    await caller.control("POST", act.format("mayar", invoice["id"], "pay"), {})
    bill, _ = await test_mayar.member(caller)
    for what in ("change_tier", "unsubscribe", "lapse"):
        await caller.control("POST", act.format("mayar", bill["key"], what), {})
    for provider in ("scalev", "mayar"):
        await caller.control("POST", f"/webhooks/test/{provider}")
    await caller.control("POST", act.format("xendit", "sub-pro-1", "break_charges"), {})
    await caller.advance("40d")


def kind(value: Any) -> str:
    """A number is a number, whole or not; nothing says nothing."""
    return {"int": "number", "float": "number", "bool": "bool"}.get(
        type(value).__name__, type(value).__name__
    )


async def test_the_fakes_tell_what_was_recorded(caller: Caller, door: WebhookDoor) -> None:
    await everything(caller)
    told: dict[tuple[str, str], dict[str, Any]] = {}
    for webhook in door.taken:
        name = webhook.document.get("event", f"invoice.{str(webhook.document.get('status', '')).lower()}")
        told.setdefault((webhook.provider, name), webhook.document)
    missing: dict[str, object] = {}
    compared = 0
    for (provider, name), document in told.items():
        path = RECORDED / provider / f"{name}.json"
        if not path.exists():
            missing[f"{provider} {name}"] = "nothing was recorded"
            continue
        recorded = json.loads(path.read_text(encoding="utf-8"))
        compared += 1
        inside, ours = recorded.get("data", recorded), document.get("data", document)
        lacks = set(inside) - set(ours) - ITS_OWN.get(f"{provider} {name}", set())
        other = {
            field: (kind(inside[field]), kind(ours[field]))
            for field in set(inside) & set(ours)
            if None not in (inside[field], ours[field]) and kind(inside[field]) != kind(ours[field])
        }
        if lacks or other:
            missing[f"{provider} {name}"] = (lacks, other)
    assert missing == {}
    assert compared > 20

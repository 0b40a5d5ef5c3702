"""What the fakes tell has the fields of the recorded webhooks, and of the same kinds: a fixture and a fake cannot drift apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from providers.fields import strangers_of
from tests.unit.providers.fakes import (
    test_mayar,
    test_scalev_orders,
    test_xendit_older,
    test_xendit_plans,
    test_xendit_sessions,
    test_xendit_tokens,
)
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
    await less_common(caller)
    await caller.advance("40d")


async def less_common(caller: Caller) -> None:
    """What nobody pays, hosted pages, stored instruments, and what some examples of the providers look like."""
    act = "/payments/{}/{}/{}"
    await caller.control("POST", "/switches", {"provider": "xendit", "do": "no_rate_limits"})
    for reference, changes in (("e", {}), ("f", v3.VA), ("g", v3.GOPAY), ("h", v3.GOPAY)):
        kind_of = {"type": "PAY_AND_SAVE"} if reference == "h" else {}
        await v3.create(caller, reference_id=reference, **changes, **kind_of)
    back = {f"{how}_return_url": f"https://toko.example/{how}" for how in ("success", "failure", "cancel")}
    await v3.create(caller, reference_id="i", **(v3.GOPAY | {"channel_properties": back}))
    back = {f"{how}_redirect_url": f"https://toko.example/{how}" for how in ("success", "failure")}
    wish = test_xendit_older.INVOICE | {"external_id": "faktur-3"} | back
    await v3.ask(caller, "POST", "/v2/invoices", wish)
    for reference in ("h", "i", "faktur-3"):
        await caller.control("POST", act.format("xendit", reference, "pay"), {})
    for reference in ("dompet-1", "dompet-2", "dompet-3"):
        await test_xendit_tokens.stored(caller, reference_id=reference)
    for reference, what in (("dompet-1", "link"), ("dompet-2", "fail")):
        await caller.control("POST", act.format("xendit", reference, what), {})
    schedule = {"schedule": test_xendit_tokens.SCHEDULE, "immediate_payment": True}
    await test_xendit_sessions.open_session(caller)
    await test_xendit_sessions.open_session(caller, reference_id="sesi-2")
    await test_xendit_sessions.open_session(
        caller, reference_id="sesi-3", session_type="SUBSCRIPTION", subscription=schedule
    )
    for reference, what in (("sesi-1", "pay"), ("sesi-3", "link")):
        await caller.control("POST", act.format("xendit", reference, what), {})
    await v3.ask(caller, "POST", "/v2/invoices", test_xendit_older.INVOICE | {"external_id": "faktur-2"})
    for reference, method in (("lama-2", test_xendit_older.ACCOUNT), ("lama-3", test_xendit_older.PHONE)):
        wish = test_xendit_older.OLD | {"reference_id": reference, "payment_method": method}
        await v3.ask(caller, "POST", "/payment_requests", wish)
    await caller.control("POST", act.format("xendit", "lama-3", "pay"), {})
    for switch in ("odd_shapes", "paid_says_created", "short_success"):
        _, on = await caller.control("POST", "/switches", {"do": switch})
        await v3.create(caller, reference_id=switch)
        invoice = await test_mayar.create(caller, description=switch)
        for provider, name in (("xendit", switch), ("mayar", invoice["id"])):
            await caller.control("POST", act.format(provider, name, "pay"), {})
        await caller.control("DELETE", f"/switches/{on['number']}")
    await caller.control("POST", act.format("xendit", "odd_shapes", "refund"), {})
    bundle = [{"quantity": 1, "bundle_price_option_unique_id": test_scalev_orders.COURSE.bundle_id}]
    for method, more in (
        ("va_bca", {}),
        ("card", {}),
        ("qris", {"ordervariants": [], "orderbundles": bundle}),
    ):
        order = await test_scalev_orders.create(caller, payment_method=method, **more)
        await test_scalev_orders.ask(caller, "POST", f"/v3/orders/{order['id']}/payment")
        for what in ("pay", "reverse"):
            await caller.control("POST", act.format("scalev", order["id"], what), {})


async def test_no_body_of_the_fakes_has_a_field_that_is_a_stranger(caller: Caller, door: WebhookDoor) -> None:
    """What the fakes send is no drift of the providers: `lunas webhooks strangers` is empty after a day with them."""
    await everything(caller)
    strange = {
        (webhook.provider, webhook.document.get("event"), *field)
        for webhook in door.taken
        for field in strangers_of(webhook.provider, webhook.document)
    }
    assert sorted(strange, key=str) == []


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

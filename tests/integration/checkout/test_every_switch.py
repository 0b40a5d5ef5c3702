"""Every bad day that the fakes know, at every call of ours that leads to a provider: a stable code in two languages, done once or not at all,
and an end for everything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import pytest
from prometheus_client import CollectorRegistry

from api.checkout.watching import RequestWatch
from providers.fakes.registry import FAKES
from providers.fakes.switches import ACT, BEFORE_AND_AFTER
from runtime.settings import Settings
from schemas.problems import PROBLEMS
from tests.integration.checkout.fakes import BUNDLE, COURSE, goods_catalog
from tests.integration.checkout.our_calls import CALLS, OurCall
from tests.integration.checkout.street import Street, street_of
from tests.unit.providers.fakes.stand import SILVER
from tests.waiting import until

Ends = Literal["done", "unknown", "refused"]

EVERYWHERE: tuple[tuple[dict[str, Any], Ends], ...] = (
    ({"do": "latency", "seconds": 0.05}, "done"),
    ({"do": "no_rate_limits"}, "done"),
    ({"do": "timeout", "seconds": 0.05}, "unknown"),
    ({"do": "timeout_after", "seconds": 0.05}, "unknown"),
    ({"do": "drop_after"}, "unknown"),
    ({"do": "broken_after"}, "unknown"),
    *(({"do": "refuse", "status": status}, "refused") for status in (400, 401, 409, 429)),
    *(({"do": "refuse", "status": status}, "unknown") for status in (500, 503)),
    *(({"do": "answer", "status": 200, "body": body}, "unknown") for body in ("no object", {})),
    ({"do": "answer", "status": 302, "body": {}}, "refused"),
    # The last: the provider is left alone for a minute after it.
    ({"do": "rate_limited"}, "refused"),
)  # fmt: skip

WHEN_PAID: dict[str, tuple[str, ...]] = {
    "xendit": ("no_webhooks", "double_webhooks", "odd_shapes"),
    "scalev": ("no_webhooks", "double_webhooks", "gateway_silent"),
    "mayar": ("no_webhooks", "double_webhooks", "paid_says_created"),
}
"""Of what people do to a payment; the call itself is answered as always."""

QUIRKS: dict[str, tuple[tuple[dict[str, Any], Ends], ...]] = {
    "xendit": (
        ({"do": "gopay_without_redirect"}, "done"),
        ({"do": "no_actions"}, "done"),
        ({"do": "qris_takes_expires_at"}, "done"),
        ({"do": "pending"}, "done"),
        ({"do": "refund_fails"}, "done"),
    ),
    "scalev": (),
    "mayar": (({"do": "saas_unauthorized"}, "done"), ({"do": "failure_in_200"}, "done")),
}
SHORT = "short_success"
"""Mayar's oldest form names no payment: it is about its shop pages (tests/unit/providers/mayar), not about what we asked for."""


def days_of(call: OurCall) -> list[tuple[list[dict[str, Any]], Ends]]:
    """Switches that are on together, and how the call ends then."""
    at = {"provider": call.provider, "method": call.method, "times": 1}
    at |= {"path": call.path} if call.path else {"times": None}
    days: list[tuple[list[dict[str, Any]], Ends]] = [
        ([at | day], ends) for day, ends in (*QUIRKS[call.provider], *(() if call.alike else EVERYWHERE))
    ]
    for name in WHEN_PAID[call.provider]:
        paid = {"do": name, "provider": call.provider, "method": ACT, "path": "/pay"}
        days.insert(0, ([paid, at | {"do": name, "method": "POST"}], "done"))
    if call.provider == "mayar":
        days.insert(0, ([at | {"do": "failure_in_200"}, at | {"do": "refuse", "status": 400}], "refused"))
    return days


def test_every_switch_that_a_fake_knows_has_its_day() -> None:
    everywhere = {day["do"] for day, _ in EVERYWHERE}
    for name, fake in FAKES.items():
        walked = everywhere | {*WHEN_PAID[name], *(day["do"] for day, _ in QUIRKS[name])}
        assert walked - {SHORT} == {*BEFORE_AND_AFTER, *fake.quirks} - {SHORT}, name


@pytest.fixture
async def call(
    request: pytest.FixtureRequest, shop_settings: Callable[..., Settings]
) -> AsyncIterator[OurCall]:
    kind = request.param
    more = {"payment_provider": kind.provider} if kind.name.startswith("order") else {}
    async with street_of(
        shop_settings,
        names=tuple(FAKES),
        goods=(COURSE, BUNDLE, SILVER),
        catalog=goods_catalog(),
        provider_call_attempts=1,
        # Silence ends when the fake cuts the connection: nothing here hangs on how fast a machine is.
        provider_call_budget_seconds=30.0,
        provider_call_timeout_seconds=20.0,
        provider_breaker_failures=100_000,
        provider_breaker_pause_seconds=1e-6,
        checkout_repeat_after_seconds=0,
        outgoing_mayar_per_minute=100_000,
        licence_calls_per_minute=100_000,
        **more,
    ) as street:
        shop = street.shop
        watch = RequestWatch(
            shop.refunds.settings, shop.narrow, shop.checkout.clients.payments, CollectorRegistry()
        )
        yield kind(street, watch)


@pytest.mark.parametrize("call", CALLS, indirect=True, ids=lambda kind: kind.name)
async def test_c123_every_switch_at_every_call_has_its_code_and_an_end_and_is_done_once(
    call: OurCall,
) -> None:
    for switches, ends in days_of(call):
        said = " + ".join(f"{one['do']} {one.get('status') or ''}" for one in switches)
        await call.prepare()
        before = call.made()
        for one in switches:
            call.street.world.switches.turn_on(
                {name: value for name, value in one.items() if value is not None},
                call.street.world.known_switches(),
            )
        status, document = await call.ask()
        if ends == "done":
            assert status == call.good, (said, status, document)
        elif ends == "refused" or call.good == 200:
            problem_in_both_languages(said, status, document)
        else:
            assert (status, document["status"]) in ((202, "unknown"), (202, "reserved")), (said, document)
        if ends != "done":
            call.street.world.switches.turn_off(None)
        await ended(call, said, ends)
        made = call.made() - before
        if ends == "refused":
            assert made == 0, said
        elif call.good != 200:
            assert made == 1, said
            await call.granted_once()
        call.street.world.switches.turn_off(None)
    await nothing_amiss(call.street)


def problem_in_both_languages(said: str, status: int, document: dict[str, Any]) -> None:
    """A stable code; the sentence is ours, and there is another one in English."""
    if status == 200:
        # A licence that nobody can be asked about: what our own records say, and why that is all.
        assert document["source"] == "records", (said, document)
        assert document["problem"] in PROBLEMS, (said, document)
        return
    assert "code" in document, (said, status, document)
    kind = PROBLEMS[document["code"]]
    assert status == kind.status >= 400, (said, status, document)
    assert "refused on request" not in str(document), said
    assert kind.id.partition("{")[0] in document["detail"], (said, document)
    assert kind.id != kind.en, said


async def ended(call: OurCall, said: str, ends: Ends) -> None:
    """Our timers bring everything that is unknown to an end."""
    if ends == "unknown" and call.good == 200:
        await call.resolve()

    async def over() -> bool:
        if await call.waiting() == 0:
            return True
        await call.resolve()
        return False

    await until(over)
    await call.street.shop.settle()


async def nothing_amiss(street: Street) -> None:
    """The books are even, and nobody has to look at anything."""
    await street.shop.settle()
    assert (await street.shop.get("/v1/ledger"))["balanced"] is True
    assert (await street.shop.get("/v1/suspense"))["items"] == []

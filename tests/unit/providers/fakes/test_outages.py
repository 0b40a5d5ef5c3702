"""Calls to a provider over real HTTP on its bad days: it is left alone, tried with one call, waited for as it asks, and every call is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import structlog
from prometheus_client import CollectorRegistry

from providers.call_record import CallMetrics, calls_collected
from providers.outgoing import CallFailed, CallLimits, ProviderApi
from providers.xendit.refusals import judge
from runtime.breaker import Breaker
from tests.unit.providers.fakes.stand import KEYS, Caller, basic

PAUSE = 20.0


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


Built = Callable[..., ProviderApi]


@pytest.fixture
async def hands() -> Hands:
    return Hands()


@pytest.fixture
async def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
async def api(caller: Caller, hands: Hands, registry: CollectorRegistry):  # type: ignore[no-untyped-def]
    one = ProviderApi(
        "xendit",
        caller.served.bases["xendit"],
        {"Authorization": basic(KEYS["xendit"])},
        CallLimits(connect=2.0, call=2.0, budget=3.0, attempts=1, calls=10_000, period=60.0),
        Breaker(3, PAUSE, clock=hands),
        judge,
        CallMetrics(registry),
    )
    yield one
    await one.close()


async def look(api: ProviderApi) -> str:
    """How one call ended."""
    try:
        await api.call("read_balance", "GET", "/balance")
    except CallFailed as failed:
        return f"{failed.outcome} {failed.said_code or failed.code}"
    return "answered"


async def break_it(caller: Caller, **switch: object) -> None:
    status, said = await caller.control("POST", "/switches", {"do": "refuse", "status": 503, **switch})
    assert status == 200, said


def counted(registry: CollectorRegistry, outcome: str) -> float:
    labels = {"provider": "xendit", "operation": "read_balance", "outcome": outcome}
    return registry.get_sample_value("lunas_provider_calls_total", labels) or 0.0


def breaker(registry: CollectorRegistry) -> float | None:
    return registry.get_sample_value("lunas_provider_breaker", {"provider": "xendit"})


async def test_c122_a_failing_provider_is_left_alone_then_tried_by_one_call_and_comes_back(
    api: ProviderApi, caller: Caller, hands: Hands, registry: CollectorRegistry
) -> None:
    assert (await look(api), api.breaker.state, breaker(registry)) == ("answered", "closed", 0)
    await break_it(caller)
    for _ in range(3):
        assert (await look(api)).startswith("unknown")
    assert (api.breaker.state, breaker(registry)) == ("open", 2)
    with pytest.raises(CallFailed) as left:
        await api.call("read_balance", "GET", "/balance")
    assert (left.value.code, left.value.said_code, left.value.outcome) == (
        "provider_unavailable",
        "breaker",
        "not_sent",
    )
    assert left.value.retry_after == PAUSE
    # One failure after the pause is enough to leave it alone again.
    hands.now += PAUSE
    assert (api.breaker.state, breaker(registry)) == ("half_open", 1)
    assert (await look(api)).startswith("unknown")
    assert (await look(api), api.breaker.state) == ("not_sent breaker", "open")
    # It is back, but slow: of those that come at once only one tries.
    await caller.control("DELETE", "/switches")
    await caller.control("POST", "/switches", {"do": "latency", "seconds": 0.2})
    hands.now += PAUSE
    ends = await asyncio.gather(*(look(api) for _ in range(5)))
    assert sorted(ends) == ["answered"] + ["not_sent breaker"] * 4
    assert (await look(api), api.breaker.state, breaker(registry)) == ("answered", "closed", 0)
    assert (counted(registry, "answered"), counted(registry, "unknown")) == (3, 4)
    assert counted(registry, "not_sent") == 6


async def test_c126_a_key_that_is_not_taken_is_an_alarm_and_one_try_a_pause(
    api: ProviderApi, caller: Caller, hands: Hands, registry: CollectorRegistry
) -> None:
    def alarms() -> float | None:
        return registry.get_sample_value("lunas_provider_keys_refused_total", {"provider": "xendit"})

    await break_it(caller, status=401, code="INVALID_API_KEY")
    assert (await look(api), alarms()) == ("refused INVALID_API_KEY", 1)
    for _ in range(5):
        assert await look(api) == "not_sent breaker"
    assert (alarms(), counted(registry, "refused")) == (1, 1)
    hands.now += PAUSE
    assert (await look(api), alarms()) == ("refused INVALID_API_KEY", 2)
    assert await look(api) == "not_sent breaker"


async def test_c122_whoever_gives_up_waiting_does_not_leave_the_provider_alone_for_ever(
    caller: Caller, hands: Hands
) -> None:
    limits = CallLimits(connect=2.0, call=2.0, budget=30.0, attempts=1, calls=1, period=60.0)
    patient = Breaker(1, PAUSE, clock=hands)
    api = ProviderApi("xendit", caller.served.bases["xendit"], {}, limits, patient, judge)
    await break_it(caller, times=1)
    await look(api)
    hands.now += PAUSE
    # It may try, and waits for our own limit with that.
    trying = asyncio.create_task(look(api))
    while patient.may_try:
        await asyncio.sleep(0)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    assert patient.may_try
    await api.close()


async def test_c122_refusals_of_one_request_are_no_outage(api: ProviderApi, caller: Caller) -> None:
    await break_it(caller, status=400, code="API_VALIDATION_ERROR")
    for _ in range(9):
        assert await look(api) == "refused API_VALIDATION_ERROR"
    assert api.breaker.state == "closed"


async def test_c122_a_used_up_limit_is_waited_for_as_its_headers_say(
    api: ProviderApi, caller: Caller, registry: CollectorRegistry
) -> None:
    await caller.control("POST", "/switches", {"do": "rate_limited", "times": 1})
    with pytest.raises(CallFailed) as busy:
        await api.call("read_balance", "GET", "/balance")
    assert (busy.value.code, busy.value.outcome, busy.value.retry_after) == (
        "provider_busy",
        "not_sent",
        60.0,
    )
    # The next one is not even sent, though the provider would take it: it asked to be left alone for a minute.
    with pytest.raises(CallFailed) as early:
        await api.call("read_balance", "GET", "/balance")
    assert (early.value.code, early.value.status) == ("provider_busy", None)
    assert 50 < (early.value.retry_after or 0) <= 60
    assert api.breaker.state == "closed"
    assert counted(registry, "not_sent") == 2


async def test_c122_the_last_call_that_a_limit_allows_is_the_last(
    api: ProviderApi, registry: CollectorRegistry
) -> None:
    allowed = 0
    while await look(api) == "answered":
        allowed += 1
    # A test key may call an endpoint sixty times a minute: not one call was refused for that.
    assert allowed == 60
    labels = {"provider": "xendit", "operation": "read_balance"}
    assert registry.get_sample_value("lunas_provider_call_seconds_count", labels) == 60


async def test_what_is_told_of_a_call_has_neither_secrets_nor_what_was_sent(
    api: ProviderApi, caller: Caller
) -> None:
    with structlog.testing.capture_logs() as lines, calls_collected() as made:
        await look(api)
        await break_it(caller, status=400, code="siti@contoh.id is not allowed")
        await look(api)
        with pytest.raises(CallFailed):
            await api.call("create", "POST", "/v2/invoices", body={"payer_email": "siti@contoh.id"})
    assert [(one.operation, one.outcome, one.status) for one in made] == [
        ("read_balance", "answered", 200),
        ("read_balance", "refused", 400),
        ("create", "refused", 400),
    ]
    assert [one.code for one in made] == [None, "provider_refused", "provider_refused"]
    said = str(lines) + str(made)
    assert KEYS["xendit"] not in said
    assert "siti" not in said
    assert all(one.milliseconds >= 0 for one in made)

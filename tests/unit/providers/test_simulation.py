"""Simulated webhooks are genuine to the eye of every check we have, repeatable, and their expected outcome adds up."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from providers.registry import PROVIDERS
from providers.simulated import Buyer, SimulatedWebhook
from providers.simulated_stories import STORIES
from providers.simulation import DEVELOPMENT_SECRETS, EVENTS, Day, simulate_day, simulate_event
from providers.verification import Verified
from providers.xendit.simulator import XenditSimulator
from schemas.errors import AmountError
from schemas.facts import OrderRecorded, PaymentFact, PaymentSettled, PaymentSucceeded
from schemas.strict_json import loads
from schemas.translation import Effect, Translation, TranslationContext

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
BUYER = Buyer("Budi@contoh.id", "Budi", "pelanggan-9")


def translation_of(webhook: SimulatedWebhook) -> Translation:
    provider = PROVIDERS[webhook.provider]
    headers = CIMultiDictProxy(CIMultiDict(webhook.headers))
    assert isinstance(
        provider.verify(headers, webhook.body, [DEVELOPMENT_SECRETS[webhook.provider]]), Verified
    )
    return provider.translate(loads(webhook.body), TranslationContext(received_at=webhook.at))


@pytest.mark.parametrize(
    ("provider", "event"), [(provider, event) for provider, events in EVENTS.items() for event in events]
)
def test_every_documented_event_can_be_simulated_and_is_understood(provider: str, event: str) -> None:
    webhook = simulate_event(
        provider, event, START, Random(1), secret=DEVELOPMENT_SECRETS[provider], buyer=BUYER, amount=12_345
    )
    translation = translation_of(webhook)
    assert (webhook.event, webhook.path) == (event, f"/webhooks/{provider}")
    assert translation.event_name == event
    assert translation.effect in {Effect.FACTS, Effect.NO_EFFECT, Effect.TEST}


@pytest.mark.parametrize("provider", EVENTS)
def test_two_simulated_events_are_two_events(provider: str) -> None:
    rng = Random(1)
    keys = {
        translation_of(
            simulate_event(provider, "payment.failed", START, rng, secret=DEVELOPMENT_SECRETS[provider])
        ).dedupe_key
        for _ in range(3)
    }
    assert len(keys) == 3


@pytest.mark.parametrize("seed", [7, 2026])
@pytest.mark.parametrize("provider", EVENTS)
def test_events_under_one_seed_walk_one_order_and_never_contradict_each_other(
    provider: str, seed: int
) -> None:
    """However far apart in time: the second one is sent after midnight."""
    substances: dict[str | None, object] = {}
    for day in (0, 1):
        for event in EVENTS[provider]:
            at = START + timedelta(days=day, hours=20)
            secret = DEVELOPMENT_SECRETS[provider]
            webhook = simulate_event(provider, event, at, Random(seed), secret=secret, buyer=BUYER)
            translation = translation_of(webhook)
            said = substances.setdefault(translation.dedupe_key, translation.says)
            assert said == translation.says, event
    assert len(substances) >= len(EVENTS[provider])


def test_one_seed_is_one_order_at_scalev_and_each_event_has_its_own_id() -> None:
    bodies = [
        loads(
            simulate_event("scalev", event, START + timedelta(hours=hour), Random(7), secret="rahasia").body
        )
        for hour, event in enumerate(
            ("order.created", "order.payment_status_changed", "order.status_changed")
        )
    ]
    assert len({body["unique_id"] for body in bodies}) == 3
    assert len({body["data"]["order_id"] for body in bodies}) == 1
    assert len({body["data"]["id"] for body in bodies}) == 1


def test_one_seed_is_one_payment_at_xendit_and_one_sale_at_mayar() -> None:
    paid, refunded, expired = (
        loads(simulate_event("xendit", event, START, Random(7), secret="rahasia").body)["data"]
        for event in ("payment.capture", "refund.succeeded", "payment_request.expiry")
    )
    assert paid["payment_id"] == refunded["payment_id"]
    assert paid["payment_request_id"] == refunded["payment_request_id"] == expired["payment_request_id"]
    reminded, received = (
        loads(simulate_event("mayar", event, START, Random(7), secret="rahasia").body)["data"]
        for event in ("payment.reminder", "payment.received")
    )
    assert reminded["transactionId"] == received["transactionId"]


@pytest.mark.parametrize(("provider", "event"), [("xendit", "payment.imagined"), ("doku", "payment.capture")])
def test_what_no_provider_sends_is_refused(provider: str, event: str) -> None:
    with pytest.raises(ValueError, match="no"):
        simulate_event(provider, event, START, Random(1), secret="rahasia")


def test_a_repeated_delivery_differs_in_bytes_and_means_the_same() -> None:
    simulator = XenditSimulator(DEVELOPMENT_SECRETS["xendit"], Random(1))
    first = simulator.event("payment.capture", START, buyer=BUYER)
    again = simulator.again(first, START + timedelta(minutes=15))
    assert again.body != first.body
    assert translation_of(again) == translation_of(first)


@pytest.fixture(scope="module", params=range(5))
def day(request: pytest.FixtureRequest) -> Day:
    return simulate_day(request.param, customers=12, count=250, start=START)


def test_the_same_arguments_give_the_same_day(day: Day, request: pytest.FixtureRequest) -> None:
    seed = request.node.callspec.params["day"]
    assert simulate_day(seed, customers=12, count=250, start=START) == day
    assert simulate_day(seed + 100, customers=12, count=250, start=START) != day


def test_a_day_tells_every_story_in_order_of_delivery(day: Day) -> None:
    assert set(day.stories) == {story.__name__ for story, _ in STORIES}
    assert len(day.webhooks) >= 250
    assert list(day.webhooks) == sorted(day.webhooks, key=lambda webhook: webhook.at)
    assert {webhook.provider for webhook in day.webhooks} == {"xendit", "mayar", "scalev"}


def test_the_expected_outcome_equals_what_the_providers_reported(day: Day) -> None:
    """Every rupiah reported once, however often and under however many names, is expected somewhere."""
    unread, outcomes, facts = 0, Counter(), {}
    for webhook in day.webhooks:
        try:
            translation = translation_of(webhook)
        except AmountError:
            unread += 1
            continue
        if translation.dedupe_key not in facts:
            outcomes[translation.effect] += 1
            facts[translation.dedupe_key] = translation.facts
    received = _received([fact.event for group in facts.values() for fact in group])
    assert received == day.expected.received_idr
    assert unread >= day.expected.parked >= 1
    assert outcomes[Effect.TEST] == day.expected.tests
    assert outcomes[Effect.UNKNOWN] == day.expected.unknown


def _received(events: list[object]) -> int:
    """Rupiah by attempt, else by request where no attempt of it is known; for orders what they cost once paid."""
    paid = [one for one in events if isinstance(one, PaymentSucceeded | PaymentSettled)]
    by_attempt = {one.attempt_id: one.amount or 0 for one in paid if one.attempt_id}
    grouped = {one.group_id for one in paid if one.attempt_id}
    by_request = {
        one.payment_key: one.amount or 0
        for one in paid
        if isinstance(one, PaymentFact) and one.provider == "xendit" and not one.attempt_id
        if one.group_id not in grouped
    }
    orders = {one.payment_key for one in paid if one.provider == "scalev"}
    prices = {one.order_key: one.gross_amount for one in events if isinstance(one, OrderRecorded)}
    return sum(by_attempt.values()) + sum(by_request.values()) + sum(prices[order] for order in orders)


def test_the_outcome_names_every_customer_and_nobody_else(day: Day) -> None:
    assert set(day.expected.customers) == {buyer.customer_id for buyer in day.customers}
    assert all(customer.credit_tokens >= 0 for customer in day.expected.customers.values())
    assert day.expected.suspense_total == sum(day.expected.suspense.values()) > 0

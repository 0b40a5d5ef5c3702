"""Whole days of simulated webhooks through the real translators and policies end where the simulation says they must.

The simulation adds its outcome up from its stories and knows nothing of the policies; the policies know nothing of the stories.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from random import Random

import pytest

from providers.registry import PROVIDERS
from providers.simulation import Day, simulate_day
from schemas import decisions as d
from schemas.errors import AmountError
from schemas.event_model import EventModel
from schemas.facts import CustomerRegistered
from schemas.strict_json import loads
from schemas.translation import TranslationContext
from tests.unit.processor.policies.ledgerbook import Book

START = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
AFTER = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def facts_of(day: Day) -> list[list[EventModel]]:
    """What intake would append: each dedupe key once, in the order of arrival."""
    taken: dict[str, list[EventModel]] = {}
    for webhook in day.webhooks:
        try:
            context = TranslationContext(received_at=webhook.at)
            translation = PROVIDERS[webhook.provider].translate(loads(webhook.body), context)
        except AmountError:
            continue
        taken.setdefault(translation.dedupe_key, [fact.event for fact in translation.facts])
    return list(taken.values())


def arranged(day: Day, seed: int, arrangement: str) -> list[list[EventModel]]:
    registered: list[list[EventModel]] = [
        [CustomerRegistered(customer_id=str(buyer.customer_id), email=buyer.email)] for buyer in day.customers
    ]
    facts = facts_of(day)
    if arrangement == "customers first":
        return registered + facts
    everything = facts + registered
    if arrangement == "shuffled":
        Random(seed).shuffle(everything)
    return everything


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("arrangement", ["customers first", "customers last", "shuffled"])
def test_a_day_ends_as_its_stories_say_in_every_order(seed: int, arrangement: str) -> None:
    day = simulate_day(seed, customers=10, count=180, start=START)
    book = Book(now=AFTER)
    for facts in arranged(day, seed, arrangement):
        book.give(*facts)
    assert _customers(book, day) == {
        customer_id: (expected.credit_tokens, expected.chat_tokens, expected.courses)
        for customer_id, expected in day.expected.customers.items()
    }
    assert _subscriptions(book) == {
        (customer_id, name)
        for customer_id, expected in day.expected.customers.items()
        for name in expected.plans | expected.licences
    }
    assert _suspense(book) == day.expected.suspense
    refunded = sum(customer.refunded_idr for customer in day.expected.customers.values())
    clearing = sum(book.balance(f"clearing:{provider}") for provider in ("xendit", "mayar", "scalev"))
    assert -clearing == day.expected.received_idr - refunded


def _customers(book: Book, day: Day) -> dict[str, tuple[int, int, set[str]]]:
    return {
        customer_id: (
            book.credit(customer_id),
            book.chat(customer_id),
            set(book.record(customer_id).courses),
        )
        for customer_id in day.expected.customers
    }


def _subscriptions(book: Book) -> set[tuple[str, str | None]]:
    newest = {one.subscription_id: one for one in book.of(d.SubscriptionDecision)}
    active = [one for one in newest.values() if one.status == "active"]
    return {(one.customer_id, one.licence_code or one.plan) for one in active}


def _suspense(book: Book) -> Counter[str]:
    held: Counter[str] = Counter()
    for one in book.suspense().values():
        held[one.reason] += one.amount or 0
    return held

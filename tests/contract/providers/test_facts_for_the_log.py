"""What providers hand to the log: events it knows, on streams it expects, under keys it can index."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from providers.registry import PROVIDERS
from schemas.errors import AmountError, UnparsableError, UntranslatableError
from schemas.events import EVENT_TYPES, decode, encode
from schemas.facts import (
    DisputeFact,
    OrderCancelled,
    OrderDeleted,
    OrderRecorded,
    PaymentFact,
    RefundFact,
    SubscriptionReported,
)
from schemas.strict_json import loads
from schemas.translation import Fact, Translation, TranslationContext

FIXTURES = Path(__file__).parents[2] / "fixtures" / "providers"
BODIES = sorted(FIXTURES.glob("*/*.json"))
PERSONAL = re.compile(
    r"wulandari|harsono|wibisono|prakoso|lestari|jl\. melati|0812|0857|0813|\+628|asdf", re.IGNORECASE
)
every_body = pytest.mark.parametrize("path", BODIES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def translated(path: Path) -> Translation | None:
    context = TranslationContext(received_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC))
    try:
        return PROVIDERS[path.parent.name].translate(loads(path.read_bytes()), context)
    except (UntranslatableError, AmountError):
        return None


def stream_of(fact: Fact) -> str:
    event = fact.event
    if isinstance(event, PaymentFact | RefundFact | DisputeFact):
        return f"payment-{event.provider}-{event.payment_key}"
    if isinstance(event, SubscriptionReported):
        return f"subscription-{event.provider}-{event.subscription_key}"
    assert isinstance(event, OrderRecorded | OrderCancelled | OrderDeleted)
    return f"order-{event.provider}-{event.order_key}"


@every_body
def test_facts_are_known_events_on_their_own_streams_and_survive_storage(path: Path) -> None:
    translation = translated(path)
    for fact in translation.facts if translation else ():
        assert EVENT_TYPES[fact.event.TYPE] is type(fact.event)
        assert decode(fact.event.TYPE, fact.event.VERSION, encode(fact.event)) == fact.event
        assert fact.stream == stream_of(fact)
        assert fact.event.provider == path.parent.name
        assert fact.event.model_dump().get("token_only", False) is (path.parent.name in {"xendit", "mayar"})


@every_body
def test_times_of_facts_are_utc(path: Path) -> None:
    translation = translated(path)
    for fact in translation.facts if translation else ():
        times = [value for value in fact.event.model_dump().values() if isinstance(value, datetime)]
        assert times
        assert all(time.utcoffset() == timedelta(0) for time in times)


@every_body
def test_a_payment_is_among_its_own_aliases(path: Path) -> None:
    translation = translated(path)
    for fact in translation.facts if translation else ():
        if isinstance(fact.event, PaymentFact | RefundFact):
            assert fact.event.payment_key in fact.event.aliases
        assert len(set(fact.event.aliases)) == len(fact.event.aliases)


@every_body
def test_keys_are_short_and_what_is_said_is_json(path: Path) -> None:
    translation = translated(path)
    if translation is None:
        return
    assert len(translation.dedupe_key.encode()) < 2000
    assert json.loads(json.dumps(translation.says)) == translation.says


@every_body
def test_names_phones_and_addresses_never_reach_a_fact(path: Path) -> None:
    translation = translated(path)
    for fact in translation.facts if translation else ():
        told = fact.event.model_dump(exclude={"payer_email"})
        assert not PERSONAL.search(json.dumps(told, default=str))


ODD: tuple[Any, ...] = (
    None, "", -1, "50.000", 10**30, True, {}, ["x"], "\ud83d", "  x  ", "1970-01-01", "Ä@ß.de", "PENDING",
)  # fmt: skip
"""What a field may hold that nobody expects there."""


def with_odd_fields(document: Any) -> Iterator[bytes]:
    """The body as it was recorded, and with each of its fields holding each odd value in turn."""
    yield json.dumps(document).encode()
    for holder, name in list(_places(document)):
        said = holder[name]
        for value in ODD:
            holder[name] = value
            yield json.dumps(document).encode()
        holder[name] = said


def _places(part: Any) -> Iterator[tuple[Any, Any]]:
    names = part.keys() if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    for name in names:
        yield part, name
        yield from _places(part[name])


@every_body
def test_facts_hold_what_validation_would_let_through_whatever_a_field_holds(path: Path) -> None:
    """Some are built without it, because each of their values was read with its type."""
    context = TranslationContext(received_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC))
    for body in with_odd_fields(json.loads(path.read_bytes())):
        try:
            translation = PROVIDERS[path.parent.name].translate(loads(body, mend=True), context)
        except (UntranslatableError, AmountError, UnparsableError):
            continue
        for event in (fact.event for fact in translation.facts):
            checked = type(event).model_validate(vars(event), strict=True)
            assert checked == event
            assert list(vars(checked)) == list(vars(event))
            assert encode(checked) == encode(event)

"""Facts with who vouches for them: set once, where a fact is taken in, and read as it was stored."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from schemas.attestation import Attestation
from schemas.event_model import EventModel
from schemas.facts import (
    DisputeFact,
    OrderCancelled,
    OrderDeleted,
    OrderRecorded,
    PaymentFact,
    PaymentSettled,
    RefundFact,
    SubscriptionReported,
)

ProviderFact = (
    PaymentFact | RefundFact | DisputeFact | SubscriptionReported | OrderRecorded | OrderCancelled | OrderDeleted
)  # fmt: skip
"""What somebody outside says of money, and somebody must vouch for."""


E = TypeVar("E", bound=EventModel)


def attested(event: E, by: Attestation) -> E:
    """The same fact, vouched for on this level. Money that more than a token calls settled is `settled`; other events stay as they are."""
    changes = _vouching(type(event), by)
    return event.amended(**changes) if changes else event


@cache
def _vouching(kind: type[EventModel], by: Attestation) -> Mapping[str, object]:
    """What vouching says of an event of this kind; the kinds are few, and asking a model for its bases is slow."""
    if not issubclass(kind, ProviderFact):
        return {}
    level: Attestation = "settled" if by in _SAYS_SETTLED and issubclass(kind, PaymentSettled) else by
    said: dict[str, object] = {"attestation": level}
    if by != "token_only" and not issubclass(kind, OrderRecorded | OrderCancelled | OrderDeleted):
        said["token_only"] = False
    return MappingProxyType(said)


_SAYS_SETTLED = ("signed", "api_confirmed")


def attestation_of(fact: ProviderFact, *, unsigned: bool, by_hand: bool) -> Attestation:
    """How much is known of a fact. Of one that an earlier program stored: by what it says of itself, and how its provider speaks.

    `unsigned`: the provider's webhooks bear a token alone; `by_hand`: people of ours say what it would.
    """
    if fact.attestation is not None:
        return fact.attestation
    if getattr(fact, "token_only", False):
        return "token_only"
    if isinstance(fact, PaymentSettled):
        return "settled"
    # Where only tokens speak, what no token vouches for alone was said on our asking.
    return "operator" if by_hand else "api_confirmed" if unsigned else "signed"

"""Sets of words that registries hold, as components of the OpenAPI document, and the groups that calls come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.field_meanings import FIELD_MEANINGS
from providers.registry import PROVIDERS
from schemas.events import EVENT_TYPES
from schemas.problems import PROBLEMS

SETS: Mapping[str, tuple[str, ...]] = {
    "ProviderName": tuple(PROVIDERS),
    "EventType": tuple(EVENT_TYPES),
    "ProblemCode": tuple(PROBLEMS),
}
"""Names of `schemas.vocabulary` and what belongs to them."""

TAGS: Mapping[str, str] = {
    "customers": "Who our customers are.",
    "access": "What a customer has and may use.",
    "checkout": "Asking customers for money.",
    "refunds": "Giving payments back.",
    "credit": "What a customer spends, reserves and uses.",
    "licences": "Licence codes at the provider that sold them.",
    "payments": "Payments and money that waits for a home.",
    "changes": "What changes, as it changes.",
    "books": "Whether the ledger is right.",
}


def with_sets(schemas: dict[str, Any]) -> dict[str, Any]:
    """The components with the values of sets that they only name."""
    return schemas | {name: {"type": "string", "enum": list(values)} for name, values in SETS.items()}


def described(schemas: dict[str, Any]) -> dict[str, Any]:
    """The components, each field with what it means: its own sentence, or that of its name."""
    for model in schemas.values():
        for name, field in model.get("properties", {}).items():
            if not field.get("description") and name in FIELD_MEANINGS:
                field["description"] = FIELD_MEANINGS[name][0]
    return schemas

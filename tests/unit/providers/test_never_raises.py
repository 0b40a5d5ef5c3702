"""Whatever authentic JSON arrives, a translator translates it or refuses it by name; nothing else escapes."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from providers.registry import PROVIDERS
from schemas.errors import AmountError, UnparsableError, UntranslatableError
from schemas.strict_json import loads
from schemas.translation import Effect, TranslationContext
from tests.unit.providers.webhooks import FIXTURES, NOW

BODIES = [(path.parent.name, json.loads(path.read_bytes())) for path in sorted(FIXTURES.glob("*/*.json"))]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**40), max_value=10**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        ["", " ", "IDR", "USD", "SUCCEEDED", "paid", "x" * 300, "2026-07-01", "1782871200000", "pr-1", "%:"]
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
contexts = st.builds(
    TranslationContext,
    received_at=st.just(NOW),
    account_id=st.none() | st.just("akun"),
    production=st.booleans(),
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, as a path of keys and indexes."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [found for key, value in inner for found in [(*path, key), *places(value, (*path, key))]]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """A recorded body with up to four places replaced or removed."""
    provider, document = draw(st.sampled_from(BODIES))
    document = deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        found = places(document)
        if not found:
            break
        *parents, last = draw(st.sampled_from(found))
        node = document
        for step in parents:
            node = node[step]
        if draw(st.booleans()):
            node[last] = draw(values)
        else:
            del node[last]
    return provider, document


def check(provider: str, document: Any, context: TranslationContext) -> None:
    body = json.dumps(document).encode()
    key = PROVIDERS[provider].partition_key(body)
    assert key == PROVIDERS[provider].partition_key(body)
    try:
        parsed = loads(body, mend=True)
    except UnparsableError:
        assert key == ""
        return
    try:
        translation = PROVIDERS[provider].translate(parsed, context)
    except (UntranslatableError, AmountError):
        return
    assert bool(translation.facts) == (translation.effect is Effect.FACTS)
    assert translation.dedupe_key.startswith(f"{provider}:")
    assert len(translation.dedupe_key) <= 450
    assert json.loads(json.dumps(translation.says)) == translation.says
    for fact in translation.facts:
        assert len(fact.stream) < 300
        assert fact.event.model_dump_json()
    assert PROVIDERS[provider].translate(parsed, context) == translation


@settings(max_examples=600, deadline=None)
@given(mutated(), contexts)
def test_a_changed_webhook_translates_or_is_refused_by_name(
    case: tuple[str, Any], context: TranslationContext
) -> None:
    check(*case, context)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(PROVIDERS)), st.binary() | st.text().map(str.encode))
def test_any_bytes_have_a_partition(provider: str, body: bytes) -> None:
    assert 0 <= PROVIDERS[provider].partition(body, 4) < 4


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(PROVIDERS)), values, contexts)
def test_any_json_translates_or_is_refused_by_name(
    provider: str, document: Any, context: TranslationContext
) -> None:
    check(provider, document, context)

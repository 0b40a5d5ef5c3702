"""An audit record leads to the page of what was acted on, and to no search that finds nothing."""

from __future__ import annotations

import pytest

from console.web.acted_on import place_of


@pytest.mark.parametrize(
    ("verb", "target", "after", "place"),
    [
        ("close.seal", "2026-03-05", {"providers": {}}, "/close/2026-03-05"),
        ("replay.apply", "p/1", None, "/replay/p%2F1"),
        ("dlq.release", "xendit:py 1", None, "/streams/xendit%3Apy%201"),
        ("dlq.settle", "l-1", None, "/letters/l-1"),
        ("problems.ack", "feed", None, "/problems/feed"),
        ("correct.propose", "c-1", {"amount": 1}, "/corrections/c-1"),
        ("payments.refund", "py-1", {"provider": "xendit"}, "/payments/xendit/py-1"),
        ("payments.refund", "py-1", None, "/find?q=py-1"),
        ("webhooks.replay", "d-1", None, "/deliveries/d-1"),
        ("quarantine.reverify", "xendit", None, "/quarantine?provider=xendit"),
        ("operators.add", "sari", None, None),
        ("endpoints.rotate", "ep_1", None, None),
        ("of a newer program", "x&y", None, "/find?q=x%26y"),
    ],
)
def test_what_was_acted_on_has_its_page(verb: str, target: str, after: object, place: str | None) -> None:
    assert place_of(verb, target, after) == place

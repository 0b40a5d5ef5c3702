"""Where what an operator acted on is seen, by the act's name: the page that shows what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.web.rendering import segment

_PAGES = (
    ("payments.refund", "/payments/{provider}/{target}"),
    ("dlq.release", "/streams/{target}"),
    ("dlq.", "/letters/{target}"),
    ("suspense.", "/suspense/{target}"),
    ("manual.", "/orders/{target}"),
    ("problems.", "/problems/{target}"),
    ("replay.", "/replay/{target}"),
    ("webhooks.replay", "/deliveries/{target}"),
    ("webhooks.acknowledge", "/providers/{target}"),
    ("quarantine.reverify", "/quarantine?provider={target}"),
    ("reconcile.run", "/reconcile?provider={target}"),
    ("close.seal", "/close/{target}"),
    ("projections.", "/projections"),
    ("credit.freeze", "/customers/{target}"),
    ("credit.unfreeze", "/customers/{target}"),
    ("credit.forgive", "/customers/{target}"),
    ("customers.", "/customers/{target}"),
    ("correct", "/corrections/{target}"),
    ("propose", "/corrections/{target}"),
    ("approve", "/corrections/{target}"),
    ("revert", "/corrections/{target}"),
)
_NOWHERE = (
    "endpoints.",
    "notifications.",
    "keys.",
    "operators.",
    "ingress.",
    "scalev.",
    "credit.rebuild",
    "fulfilment.",
)


def place_of(verb: str, target: str, after: Any) -> str | None:
    """The address; the box that finds anything for an act of a newer program, None for what has no page."""
    provider = after.get("provider") if isinstance(after, Mapping) else None
    names = {"target": segment(target), "provider": segment(provider or "")}
    for known, page in _PAGES:
        if verb.startswith(known) and (provider or "{provider}" not in page):
            return page.format(**names)
    return None if verb.startswith(_NOWHERE) else f"/find?q={names['target']}"

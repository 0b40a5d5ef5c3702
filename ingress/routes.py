"""Which path belongs to which provider. Paths are exact: no trailing slash, no other case, no decoding."""

from __future__ import annotations

from collections.abc import Mapping

from providers.provider import Provider
from providers.registry import PROVIDERS

# Paths that were published before; they lead to the same handlers for ever.
EARLIER_PATHS = {
    "/api/webhooks/xendit": "xendit",
    "/api/webhook/mayar": "mayar",
    "/api/webhooks/scalev": "scalev",
}


def webhook_paths(providers: Mapping[str, Provider] = PROVIDERS) -> dict[str, Provider]:
    """Path → provider, for every provider that calls us over HTTP."""
    callers = {name: provider for name, provider in providers.items() if provider.webhooks}
    paths = {f"/webhooks/{name}": provider for name, provider in callers.items()}
    return paths | {path: callers[name] for path, name in EARLIER_PATHS.items() if name in callers}

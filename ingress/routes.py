"""Which path belongs to which provider. Paths are exact: no trailing slash, no other case, no decoding."""

from __future__ import annotations

from collections.abc import Mapping

from providers.provider import Provider
from providers.registry import PROVIDERS


def webhook_paths(providers: Mapping[str, Provider] = PROVIDERS) -> dict[str, Provider]:
    """Path → provider, for every provider that calls us over HTTP."""
    callers = [provider for provider in providers.values() if provider.webhooks]
    return {
        path: provider
        for provider in callers
        for path in (f"/webhooks/{provider.name}", *provider.earlier_paths)
    }

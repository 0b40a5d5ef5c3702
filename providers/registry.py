"""All providers. A new one is a folder and a line here."""

from __future__ import annotations

from providers.manual import MANUAL
from providers.mayar import MAYAR
from providers.provider import Provider
from providers.scalev import SCALEV
from providers.traits import ORDINARY, Traits
from providers.xendit import XENDIT

PROVIDERS: dict[str, Provider] = {provider.name: provider for provider in (SCALEV, XENDIT, MAYAR, MANUAL)}


def traits_of(provider: str) -> Traits:
    """What deciding about payments of this provider depends on."""
    known = PROVIDERS.get(provider)
    return known.traits if known else ORDINARY

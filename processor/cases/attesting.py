"""How much is known of a fact, where facts are read."""

from __future__ import annotations

from providers.registry import traits_of
from schemas.attestation import Attestation
from schemas.attested import ProviderFact, attestation_of


def level_of(fact: ProviderFact) -> Attestation:
    """As it was stored; of facts of earlier programs, as their provider speaks."""
    if fact.attestation is not None:
        return fact.attestation
    traits = traits_of(fact.provider)
    return attestation_of(fact, unsigned=traits.unsigned, by_hand=traits.paid_by_hand)


def is_vouched(fact: ProviderFact) -> bool:
    """Whether it outweighs what tokens alone say of the same: where a provider signs what it sends, nothing does."""
    return level_of(fact) != "token_only" and traits_of(fact.provider).unsigned

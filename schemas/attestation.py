"""How much we know of what a fact says: who vouches for it, and how. Five levels, each more than the one before.

`token_only`: a webhook with a shared token, which signs nothing; whoever has seen the token can have written it.
`signed`: a webhook whose signature covers every byte.
`api_confirmed`: the provider said it to our own question, with our key, over TLS.
`settled`: the money is on the merchant's balance, as told by a signature or on our asking. A token's word that it is settled is a token's word.
`operator`: a person of ours looked, and said so in their own name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

Attestation = Literal["token_only", "signed", "api_confirmed", "settled", "operator"]

LEVELS: tuple[Attestation, ...] = ("token_only", "signed", "api_confirmed", "settled", "operator")
"""Weakest first."""

RANK: dict[Attestation, int] = {level: rank for rank, level in enumerate(LEVELS)}


def strongest(levels: Iterable[Attestation | None]) -> Attestation | None:
    """The level that knows most; None of none."""
    return max((one for one in levels if one is not None), key=RANK.__getitem__, default=None)


def weakest(levels: Iterable[Attestation | None]) -> Attestation | None:
    """The level that knows least; None of none."""
    return min((one for one in levels if one is not None), key=RANK.__getitem__, default=None)

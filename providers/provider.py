"""What the rest of lunas may ask of a provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from multidict import MultiMapping

from providers.verification import Rejected, Verified
from schemas.translation import Translation, TranslationContext

Verify = Callable[[MultiMapping[str], bytes, Sequence[str]], Verified | Rejected]
"""(headers, raw body, accepted secrets) → verdict. Never raises."""

Translate = Callable[[object, TranslationContext], Translation]
"""(document from `strict_json.loads`, context) → meaning. Raises UntranslatableError or AmountError, nothing else."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One payment provider.

    `token_only`: its webhooks are authenticated by a shared token alone, so that large amounts need a confirmation by its API.
    `webhooks`: it calls us over HTTP; `manual` does not.
    """

    name: str
    token_only: bool
    webhooks: bool
    verify: Verify
    translate: Translate

    def partition_key(self, body: bytes) -> str:
        """What decides the partition of a delivery. One partition for now, hence one key."""
        return ""

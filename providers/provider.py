"""What the rest of lunas may ask of a provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from multidict import MultiMapping

from providers.money import told_amount
from providers.payer import UNNAMED, PayerFields
from providers.refunding import RefundRule, no_refunds
from providers.section import Section
from providers.traits import ORDINARY, Traits
from providers.verification import Rejected, Verified, undecided
from schemas import strict_json
from schemas.attestation import Attestation
from schemas.errors import UnparsableError, UntranslatableError
from schemas.topology import partition_of
from schemas.translation import Translation, TranslationContext

LOOKED_INTO_BYTES = 65_536
"""Largest body that is read for its partition: tens of times a real one, and at worst a few ms in which the door does nothing else."""

NOBODY = ""
"""The key of what names nothing, cannot be read, or is too large: all of it shares one partition."""

Verify = Callable[[MultiMapping[str], bytes, Sequence[str]], Verified | Rejected]
"""(headers, raw body, accepted secrets) → verdict. Never raises."""

ByHead = Callable[[MultiMapping[str], Sequence[str]], Verified | Rejected | None]
"""(headers, accepted secrets) → what `verify` will say whatever the body is, or None while that depends on the body. Never raises."""

Translate = Callable[[object, TranslationContext], Translation]
"""(document from `strict_json.loads`, context) → meaning. Raises UntranslatableError or AmountError, nothing else."""

Subject = Callable[[Section], str | None]
"""Document → the one name that all deliveries about a payment, order or subscription carry, or None. May raise UntranslatableError."""

SignedAt = Callable[[Section], datetime | None]
"""Document → the time of sending that stands inside the signed bytes, or None."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One payment provider.

    `zone`: of times that bear none, declared by each. `webhooks`: it calls us over HTTP; `manual` does not. `earlier_paths` were published once and lead to the same entrance for ever.
    `account_setting`: the setting that holds our own id at this provider; what names another one is not for us.
    `traits`: what deciding about its payments depends on.
    `amounts`: fields that state how much a body is about, most telling first.
    `refunds`: what is known to be impossible before it is asked to give money back.
    `payer`: where its bodies name whoever paid, beside the e-mail.
    `token_header`: where the shared token stands, of a provider that signs nothing.
    `by_head`: what the head alone says of a credential, so that nobody reads a body that is refused anyway.
    """

    name: str
    webhooks: bool
    verify: Verify
    translate: Translate
    subject: Subject
    zone: tzinfo
    signed_at: SignedAt | None = None
    earlier_paths: tuple[str, ...] = ()
    account_setting: str | None = None
    traits: Traits = ORDINARY
    amounts: Sequence[str] = ()
    by_head: ByHead = undecided
    token_header: str | None = None
    refunds: RefundRule = no_refunds
    payer: PayerFields = UNNAMED

    @property
    def token_only(self) -> bool:
        """Its webhooks are authenticated by a shared token alone, so that large amounts need a confirmation by its API."""
        return self.traits.unsigned

    @property
    def vouches(self) -> Attestation:
        """What its webhooks are worth."""
        if self.traits.paid_by_hand:
            return "operator"
        return "token_only" if self.traits.unsigned else "signed"

    def stated_amount(self, body: bytes) -> int | None:
        """Rupiah that a body speaks of, read as the translator reads them; None when nothing readable names any. Never raises."""
        try:
            return told_amount(Section.of(strict_json.loads(body, mend=True), self.zone), self.amounts)
        except (UnparsableError, UntranslatableError):
            return None

    def signing_time(self, body: bytes) -> datetime | None:
        """When the provider says it sent this, where its signature covers that time. Never raises.

        A sign for a person, never a reason to refuse: a provider's retries carry the time of the first attempt for days.
        """
        if self.signed_at is None:
            return None
        try:
            return self.signed_at(Section.of(strict_json.loads(body, mend=True), self.zone))
        except (UnparsableError, UntranslatableError):
            return None

    def partition(self, body: bytes, partitions: int) -> int:
        """Which of so many partitions takes a delivery. With one, nobody looks into the body."""
        return 0 if partitions == 1 else partition_of(self.partition_key(body), partitions)

    def partition_key(self, body: bytes) -> str:
        """The same text for all deliveries about one payment, order or subscription, so that they keep their order. Never raises.

        That order is usual, not promised: a body that names only a second id of its payment, a charge announced by its plan and by its
        capture, a detour through a retry tier, or another number of partitions put related deliveries into different queues. Nothing may
        depend on it. The inbox knows every delivery whatever queue it came from, and decisions merge facts in any order (ADR 0003, 0019).
        """
        if len(body) > LOOKED_INTO_BYTES:
            return NOBODY
        try:
            # The reading of intake itself: what it cannot read names nothing here either, and two parsers cannot disagree.
            return self.stream_of(strict_json.loads(body, mend=True)) or NOBODY
        except UnparsableError:
            return NOBODY

    def stream_of(self, document: object) -> str | None:
        """What a document that was read is about, of whatever size; None when it names nothing. Never raises."""
        try:
            name = self.subject(Section.of(document, self.zone))
        except UntranslatableError:
            return None
        return None if name is None else f"{self.name}:{name}"

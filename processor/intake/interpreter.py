"""From an envelope to its meaning. Pure: no clock, no I/O; every way a delivery can be bad becomes a value, never an exception.

`Prepared` is one delivery ready to be stored: understood, or parked with the reason why not. What is authentic is always stored.
"""

from __future__ import annotations

import hashlib
import re
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from processor.intake.times import believable
from providers.identity import content_digest, dedupe_key
from providers.provider import Provider
from schemas import strict_json
from schemas.envelope import RECONCILED, TOLD_AT, Envelope
from schemas.errors import AmountError, Permanent, UnparsableError, UntranslatableError
from schemas.shape import amount_told
from schemas.translation import Translation, TranslationContext

DETAIL_LIMIT = 500  # characters; a hint for a person, not a dump
NAME_LIMIT = 100  # characters of an event name or amount worth showing; every real one is shorter
_NO_DIGEST = bytes(32)

_DIGITS = re.compile(r"[0-9]{1,17}")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]*")
"""How providers write the names of events. Anything else in that place could be anybody's name or address."""


@dataclass(frozen=True, slots=True)
class WhyParked:
    """Why a delivery cannot be processed. `reason` is a stable code, `detail` has no personal data."""

    stage: str
    reason: str
    detail: str = ""
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """One delivery and what it means: `translation` or `parked`, never both.

    `received_at` is when the webhook came; `started_at` is when this trip through the pipeline began (later, for a replay).
    `content_digest` is the SHA-256 of what the delivery states in substance. `named` is the event name as written in the body.
    """

    envelope: Envelope
    delivery_id: uuid.UUID
    received_at: datetime
    started_at: datetime
    body_sha256: bytes
    translation: Translation | None = None
    content_digest: bytes = _NO_DIGEST
    parked: WhyParked | None = None
    named: str | None = None

    @property
    def replayed_letter(self) -> uuid.UUID | None:
        """The dead letter that a replay is of."""
        try:
            return uuid.UUID(self.envelope.dead_letter_id) if self.envelope.dead_letter_id else None
        except ValueError:
            return None

    @property
    def event_name(self) -> str | None:
        """As translated; of what could not be translated, as the provider wrote it, where it is a plain name."""
        return self.translation.event_name if self.translation else self.named


class EnvelopeInvalid(ValueError):
    """The envelope's own fields cannot be stored, so nobody of ours has written it. `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Prepares envelopes with today's translators. `accounts`: our own id at a provider, checked where known.

    `future_tolerance`: how far behind its receipt a stated time may lie before it is not believed.
    """

    providers: Mapping[str, Provider]
    accounts: Mapping[str, str]
    production: bool
    future_tolerance: timedelta = timedelta(days=1)

    def prepare(self, envelope: Envelope) -> Prepared:
        """The delivery with its meaning. Raises EnvelopeInvalid, nothing else."""
        received = identified(envelope)
        try:
            document = strict_json.loads(envelope.body, mend=True)
            received = replace(received, named=_plain_name(document))
            translation = self._translate(document, received)
            digest = bytes.fromhex(content_digest(translation.says))
            if envelope.scheme == RECONCILED:
                translation = _asked_for(translation, digest)
        except Permanent as error:
            return parked(received, "translate", *_refusal(error))
        except Exception as error:  # noqa: BLE001 - a translator's bug parks its delivery, never the batch
            return parked(received, "translate", "translator_failed", _where(error))
        return replace(received, translation=translation, content_digest=digest)

    def _translate(self, document: object, received: Prepared) -> Translation:
        provider = self.providers.get(received.envelope.provider)
        if provider is None:
            raise UntranslatableError("provider_unknown")
        context = TranslationContext(
            received_at=_told_at(received),
            account_id=self.accounts.get(provider.name),
            production=self.production,
            body_sha256=received.body_sha256.hex(),
        )
        translation = provider.translate(document, context)
        if not translation.facts:
            return translation
        facts = tuple(
            believable(fact, received.received_at, self.future_tolerance) for fact in translation.facts
        )
        return replace(translation, facts=facts)


def _told_at(received: Prepared) -> datetime:
    """Stands in for times that are not stated: when the webhook came or, of one that never came, when the provider says that it sent it."""
    told = received.envelope.headers.get(TOLD_AT, "") if received.envelope.scheme == RECONCILED else ""
    return moment(int(told)) if _DIGITS.fullmatch(told) else received.received_at


def _asked_for(translation: Translation, digest: bytes) -> Translation:
    """What a provider says on being asked, with our own key: nobody who only knows a webhook's token can have said it.

    It is another telling than the webhook, with a key of its own: both may be taken in, in any order, and are facts about the same money.
    """
    key = dedupe_key(RECONCILED, translation.dedupe_key, digest.hex()[:32])
    facts = tuple(
        replace(fact, event=fact.event.amended(token_only=False))
        if getattr(fact.event, "token_only", False)
        else fact
        for fact in translation.facts
    )
    return replace(translation, dedupe_key=key, facts=facts)


def identified(envelope: Envelope) -> Prepared:
    """The delivery before anybody looked at its body. Raises EnvelopeInvalid."""
    try:
        delivery_id = uuid.UUID(envelope.delivery_id)
    except ValueError as error:
        raise EnvelopeInvalid("delivery_id_invalid") from error
    if not all(
        _storable(text) for text in (envelope.provider, envelope.path, envelope.scheme, envelope.secret_id)
    ):
        raise EnvelopeInvalid("text_invalid")
    received_at = moment(envelope.received_at)
    return Prepared(
        envelope=envelope,
        delivery_id=delivery_id,
        received_at=received_at,
        started_at=_drawn_at(delivery_id, received_at) if envelope.replay_of else received_at,
        body_sha256=hashlib.sha256(envelope.body).digest(),
    )


def parked(received: Prepared, stage: str, reason: str, detail: str = "", attempts: int = 0) -> Prepared:
    """The same delivery, to be parked."""
    why = WhyParked(stage, reason, detail[:DETAIL_LIMIT], attempts)
    return replace(received, translation=None, content_digest=_NO_DIGEST, parked=why)


def _plain_name(document: object) -> str | None:
    name = document.get("event") if isinstance(document, dict) else None
    return name if isinstance(name, str) and len(name) <= NAME_LIMIT and _PLAIN.fullmatch(name) else None


def _storable(text: str) -> bool:
    """PostgreSQL refuses NUL, and UTF-8 half a character; ingress writes neither."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= one <= "\udfff" for one in text))


def moment(microseconds: int) -> datetime:
    """Epoch microseconds as a time, exactly. Raises EnvelopeInvalid."""
    try:
        return datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(
            microsecond=microseconds % 1_000_000
        )
    except (ValueError, OverflowError, OSError) as error:
        raise EnvelopeInvalid("received_at_invalid") from error


def _drawn_at(delivery_id: uuid.UUID, otherwise: datetime) -> datetime:
    """When a UUID of version 7 was drawn: a replay keeps the webhook's own time and draws a new delivery id."""
    if delivery_id.version != 7:
        return otherwise
    return datetime.fromtimestamp((delivery_id.int >> 80) / 1000, UTC)


def _refusal(error: Permanent) -> tuple[str, str]:
    """Reason and detail of what a translator refuses for good."""
    if isinstance(error, UnparsableError):
        return f"unparsable_{error.reason}", error.detail
    if isinstance(error, AmountError):
        return error.reason, amount_told(error.value)
    if isinstance(error, UntranslatableError):
        return error.reason, error.detail
    return "translator_failed", _where(error)


def _where(error: Exception) -> str:
    """Type and place of a bug; its message may quote the payload and is left out."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].name} line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"

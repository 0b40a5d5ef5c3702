"""From an envelope to its meaning. Pure: no clock, no I/O; every way a delivery can be bad becomes a value, never an exception.

`Prepared` is one delivery ready to be stored: understood, or parked with the reason why not. What is authentic is always stored.
"""

from __future__ import annotations

import hashlib
import operator
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from asyncpg.pgproto.pgproto import UUID  # a uuid.UUID as asyncpg reads it: made in an eighth of the time
from msgspec.structs import replace

from processor.intake.contested import contested, is_contest
from processor.intake.gone_back import is_went_back, went_back
from processor.intake.times import believable
from processor.raised import line_of
from providers.identity import content_digest, dedupe_key
from providers.moments import written_zones
from providers.provider import Provider
from schemas import strict_json
from schemas.attestation import Attestation
from schemas.attested import attested
from schemas.envelope import RECONCILED, TOLD_AT, Envelope
from schemas.errors import AmountError, Permanent, UnparsableError, UntranslatableError
from schemas.shape import amount_told
from schemas.translation import Fact, Translation, TranslationContext

DETAIL_LIMIT = 500  # characters; a hint for a person, not a dump
ERROR_LIMIT, ERRORS_MAX = 200, 19  # characters of an earlier attempt's error, and how many of them are kept
NAME_LIMIT = 100  # characters of an event name or amount worth showing; every real one is shorter
STREAM_LIMIT = (
    200  # characters of a stream's name; a longer one, and one that cannot be stored, is known by its digest
)
_NO_DIGEST = bytes(32)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTED_MAX = 2**15 - 1

RAISED = frozenset({"translator_failed", "not_storable", "retries_exhausted"})
"""Reasons that stand for whatever was raised; `detail` says what, and nothing else."""

_LINE = re.compile(r" line [0-9]+\Z")
_DIGITS = re.compile(r"[0-9]{1,17}")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]*")
"""How providers write the names of events. Anything else in that place could be anybody's name or address."""


@dataclass(frozen=True, slots=True)
class WhyParked:
    """Why a delivery cannot be processed. `reason` is a stable code, `detail` has no personal data. `errors`: what attempts before this one failed with."""

    stage: str
    reason: str
    detail: str = ""
    attempts: int = 0
    errors: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Of what a caught error led to: what raised it, and where, the same in every release. Empty for what a rule refused."""
        return _LINE.sub("", self.detail) if self.reason in RAISED else ""


class Trip(msgspec.Struct, frozen=True):
    """How a delivery came through the broker. `attempts`: trips through the retry tiers before this one; `handed_out`: how often a process had it
    in its hands before and did not come to an end with it. `errors`: why it took each of those trips. No `queue`: it waited in the line of its stream."""

    queue: str | None = None
    attempts: int = 0
    handed_out: int = 0
    errors: tuple[str, ...] = ()

    @classmethod
    def by(cls, queue: str, attempts: int, handed_out: int = 0, errors: tuple[str, ...] = ()) -> Trip:
        """Counts come from headers of a message: no more of them than their columns hold."""
        return cls(queue, min(attempts, _COUNTED_MAX), min(handed_out, _COUNTED_MAX), errors)


NO_TRIP = Trip()
NO_ZONES: Mapping[datetime, str] = {}


class Prepared(msgspec.Struct, frozen=True):
    """One delivery and what it means: `translation` or `parked`, never both.

    `received_at` is when the webhook came; `started_at` is when this trip through the pipeline began (later, for a replay).
    `content_digest` is the SHA-256 of what the delivery states in substance. `named` is the event name as written in the body.
    `stream` is what it is about; None when nobody can tell, and of what has no place in the order of a provider's deliveries.
    `trip` is how it came here. `zones`: of moments that its body does not name as UTC, what it says instead.
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
    stream: str | None = None
    trip: Trip = NO_TRIP
    zones: Mapping[datetime, str] = NO_ZONES

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

    `future_tolerance`: how far behind its receipt a stated time may lie before it is not believed. `fees`: facts keep what a provider says that it
    keeps of a payment.
    """

    providers: Mapping[str, Provider]
    accounts: Mapping[str, str]
    production: bool
    future_tolerance: timedelta = timedelta(days=1)
    fees: bool = True

    def prepare(self, envelope: Envelope) -> Prepared:
        """The delivery with its meaning. Raises EnvelopeInvalid, nothing else."""
        received = identified(envelope)
        try:
            document = strict_json.loads(envelope.body, mend=True)
            received = replace(received, named=_plain_name(document), stream=self._stream(document, envelope))
            translation = self._translate(document, received)
            digest = bytes.fromhex(content_digest(translation.says))
            if envelope.scheme == RECONCILED:
                translation = _asked_for(translation, digest)
            elif translation.facts:
                translation = _vouched(translation, self.providers[envelope.provider].vouches)
        except Permanent as error:
            return parked(received, "translate", *_refusal(error))
        except Exception as error:  # noqa: BLE001 - a translator's bug parks its delivery, never the batch
            return parked(received, "translate", "translator_failed", line_of(error))
        if translation.facts:
            zones = written_zones(envelope.body, self.providers[envelope.provider].zone)
            received = replace(received, zones=zones)
        return replace(received, translation=translation, content_digest=digest)

    def _stream(self, document: object, envelope: Envelope) -> str | None:
        """What we asked for ourselves is no part of the order in which a provider tells: it says how things stand now."""
        provider = self.providers.get(envelope.provider)
        if provider is None or envelope.scheme == RECONCILED:
            return None
        name = provider.stream_of(document)
        if name is None or (len(name) <= STREAM_LIMIT and _storable(name)):
            return name
        return f"{provider.name}:#{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()}"

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
        if received.envelope.scheme == RECONCILED and is_contest(document):
            return contested(provider.name, document, received.received_at)
        if received.envelope.scheme == RECONCILED and is_went_back(document):
            return went_back(provider.name, document, received.received_at)
        translation = provider.translate(document, context)
        if not translation.facts:
            return translation
        facts = tuple(
            self._with_fee(believable(fact, received.received_at, self.future_tolerance))
            for fact in translation.facts
        )
        if all(map(operator.is_, facts, translation.facts)):
            return translation
        return replace(translation, facts=facts)

    def _with_fee(self, fact: Fact) -> Fact:
        if self.fees or vars(fact.event).get("fee_amount") is None:
            return fact
        return replace(fact, event=fact.event.amended(fee_amount=None))


def _told_at(received: Prepared) -> datetime:
    """Stands in for times that are not stated: when the webhook came or, of one that never came, when the provider says that it sent it."""
    told = received.envelope.headers.get(TOLD_AT, "") if received.envelope.scheme == RECONCILED else ""
    return moment(int(told)) if _DIGITS.fullmatch(told) else received.received_at


def _asked_for(translation: Translation, digest: bytes) -> Translation:
    """What a provider says on being asked, with our own key: nobody who only knows a webhook's token can have said it.

    It is another telling than the webhook, with a key of its own: both may be taken in, in any order, and are facts about the same money.
    """
    key = dedupe_key(RECONCILED, translation.dedupe_key, digest.hex()[:32])
    return replace(_vouched(translation, "api_confirmed"), dedupe_key=key)


def _vouched(translation: Translation, by: Attestation) -> Translation:
    """Every fact says how much is known of it."""
    facts = tuple([Fact(fact.stream, attested(fact.event, by)) for fact in translation.facts])
    return Translation(
        translation.effect,
        translation.event_name,
        translation.dedupe_key,
        translation.says,
        facts,
        translation.reason,
    )


def identified(envelope: Envelope) -> Prepared:
    """The delivery before anybody looked at its body. Raises EnvelopeInvalid."""
    try:
        delivery_id = UUID(envelope.delivery_id)
    except ValueError as error:
        raise EnvelopeInvalid("delivery_id_invalid") from error
    if not _storable(f"{envelope.provider}{envelope.path}{envelope.scheme}{envelope.secret_id}"):
        raise EnvelopeInvalid("text_invalid")
    received_at = moment(envelope.received_at)
    return Prepared(
        envelope=envelope,
        delivery_id=delivery_id,
        received_at=received_at,
        started_at=_drawn_at(delivery_id, received_at) if envelope.replay_of else received_at,
        body_sha256=hashlib.sha256(envelope.body).digest(),
    )


def parked(
    received: Prepared,
    stage: str,
    reason: str,
    detail: str = "",
    attempts: int = 0,
    errors: tuple[str, ...] = (),
) -> Prepared:
    """The same delivery, to be parked."""
    why = WhyParked(stage, reason, detail[:DETAIL_LIMIT], attempts, errors)
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
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError as error:
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
    return "translator_failed", line_of(error)

"""A new request for payment as it is recorded, before its provider is called; several that come at the same time in one call to the database.

They were looked at without any lock. The call takes the locks, makes sure that no key was used and no slot taken meanwhile, appends, and
saves what follows (`requests_at_once`). When something moved it does nothing, and whoever wants one looks again, under the locks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

import orjson

from api.checkout import idempotency
from api.page_secret import new_secret
from eventstore.append import NewEvent, for_one_call
from eventstore.queries import load
from providers.asking import PaymentAsk
from runtime.database import Connection
from runtime.ids import uuid7
from runtime.pay_pages import page_address
from runtime.tracing import told_of
from schemas import streams
from schemas.event_model import EventModel
from schemas.request_facts import CheckoutOpened, CheckoutRequested

if TYPE_CHECKING:
    from api.checkout.wanted import Payer, Wanted

SQL = load("payment_requests.sql", "api")


@dataclass(frozen=True, slots=True)
class KeyUse:
    """An Idempotency-Key and the digest of the request it belongs to."""

    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """What is recorded of one request. `ask`: for its provider; None when nobody needs to be called. `secret`: of its payment page.

    `traced`: what its events say of the trace of whoever asked.
    """

    request_id: str
    wanted: Wanted
    ask: PaymentAsk | None
    events: tuple[EventModel, ...]
    expires_at: datetime | None
    asked_at: datetime
    secret: str
    secret_digest: bytes
    use: KeyUse | None
    traced: Mapping[str, str] = field(default_factory=dict)

    @property
    def taken(self) -> frozenset[tuple[str, str]]:
        """What nobody else may have: its key and its slot."""
        key = self.use.key if self.use is not None else None
        both = (("key", key), ("slot", self.wanted.slot))
        return frozenset((name, value) for name, value in both if value is not None)


def drafted(wanted: Wanted, payer: Payer, use: KeyUse | None, public: str | None) -> RequestDraft:
    """A request with an id of its own. `public`: where customers reach us."""
    request_id = f"req_{uuid7().hex}"
    expires_at = wanted.lasts.after(payer.now) if wanted.lasts else None
    secret, digest = new_secret()
    events: list[EventModel] = [_requested(request_id, wanted, payer.now, expires_at)]
    ask = None
    if wanted.page is None:
        ask = _ask(request_id, wanted, payer, expires_at, page_address(public, secret))
    else:
        events.append(_opened_at_once(request_id, wanted, payer.now))
    return RequestDraft(
        request_id, wanted, ask, tuple(events), expires_at, payer.now, secret, digest, use, told_of()
    )


def without_rivals(drafts: Sequence[RequestDraft]) -> list[RequestDraft]:
    """Those that want nothing which another one before them wants too."""
    taken: set[tuple[str, str]] = set()
    alone: list[RequestDraft] = []
    for draft in drafts:
        if taken.isdisjoint(draft.taken):
            alone.append(draft)
        taken |= draft.taken
    return alone


async def write(connection: Connection, drafts: Sequence[RequestDraft], lease: timedelta) -> bool:
    """Whether they were recorded, all or none: none when a key or a slot of theirs is taken, or about to be.

    Those that a provider is to be called for belong to the caller from then on, for `lease`.
    """
    events = [event for draft in drafts for event in events_of(draft.request_id, draft.events, draft.traced)]
    last = accumulate(len(draft.events) for draft in drafts)
    rows = [_row(draft, number - 1) for draft, number in zip(drafts, last, strict=True)]
    first = await connection.fetchval(
        SQL["at_once"],
        *for_one_call(events),
        orjson.dumps(rows).decode(),
        lease,
        idempotency.KEEP,
        idempotency.EXPIRE_MAX,
    )
    return first is not None


def events_of(
    request_id: str, facts: Sequence[EventModel], traced: Mapping[str, str] | None = None
) -> list[NewEvent]:
    """Facts about a request, for its stream."""
    metadata = {"correlation_id": str(uuid7()), "actor": "api", **(traced or {})}
    return [NewEvent(streams.request(request_id), fact, metadata) for fact in facts]


def _row(draft: RequestDraft, number: int) -> dict[str, object]:
    """`number`: of its last event among all that are appended."""
    wanted = draft.wanted
    return {
        "request_id": draft.request_id,
        "kind": wanted.kind,
        "customer_id": wanted.customer_id,
        "provider": wanted.provider,
        "amount_idr": wanted.amount_idr,
        "method": wanted.method,
        "channel": wanted.channel,
        "slot": wanted.slot,
        "status": "requested" if draft.ask is not None else "open",
        "ask": None if draft.ask is None else draft.ask.model_dump(mode="json"),
        "instrument": {} if wanted.page is None else {"payment_url": wanted.page},
        "items": [item.model_dump() for item in wanted.items],
        "expires_at": draft.expires_at,
        "created_at": draft.asked_at,
        "page_secret": draft.secret,
        "page_digest": draft.secret_digest.hex(),
        "number": number,
        **({} if draft.use is None else _kept(draft.use, draft.request_id)),
    }


def _kept(use: KeyUse, request_id: str) -> dict[str, object]:
    return {
        "key": use.key,
        "key_digest": use.digest.hex(),
        "key_status": 201,
        "key_answer": {"request_id": request_id},
    }


def _requested(
    request_id: str, wanted: Wanted, now: datetime, expires_at: datetime | None
) -> CheckoutRequested:
    return CheckoutRequested(
        request_id=request_id,
        provider=wanted.provider,
        reference=request_id,
        occurred_at=now,
        kind="topup" if wanted.kind == "topup" else "order",
        customer_id=wanted.customer_id,
        amount_idr=wanted.amount_idr,
        method=wanted.method,
        channel=wanted.channel,
        items=wanted.items,
        expires_at=expires_at,
        tokens_per_idr=None if wanted.credit is None else wanted.credit.rate_at(now),
        rest_of=wanted.rest_of,
    )


def _opened_at_once(request_id: str, wanted: Wanted, now: datetime) -> CheckoutOpened:
    return CheckoutOpened(
        request_id=request_id,
        provider=wanted.provider,
        reference=request_id,
        occurred_at=now,
        payment_key=request_id,
    )


def _ask(
    request_id: str, wanted: Wanted, payer: Payer, expires_at: datetime | None, page_url: str | None
) -> PaymentAsk:
    return PaymentAsk.model_validate(
        {
            "reference": request_id,
            "kind": wanted.kind,
            "customer_id": wanted.customer_id,
            "amount_idr": wanted.amount_idr,
            "description": wanted.description,
            "asked_at": payer.now,
            "method": wanted.method,
            "channel": wanted.channel,
            "expires_at": expires_at,
            "mobile_number": wanted.mobile_number,
            "payer_name": payer.name,
            "payer_email": payer.email,
            "payer_phone": payer.phone,
            "page_url": page_url,
            **wanted.more,
        }
    )

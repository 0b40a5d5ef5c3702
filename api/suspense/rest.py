"""Less came than was asked for: the payer is asked for what is missing, by a request of its own, and what comes for it is added to what came.

It is recorded before its provider is called, as any request; whoever keeps time in the API calls it, and a call whose end is unknown is looked up.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from api.checkout.clients import least_orders
from api.checkout.drafts import RequestDraft, drafted, events_of
from api.checkout.wanted import Payer, Wanted, check_complete
from api.suspense.gathering import SQL
from api.suspense.speaking import Author, HeldEntry, WordAct, free, record, shown_at, still_free
from eventstore.append import append, lock_log
from eventstore.read import newest_of
from providers.asking import AskedLine
from providers.registry import traits_of
from providers.xendit.payable import PAYABLE, PROVIDER
from runtime.database import Connection
from runtime.pay_pages import page_address, public_url
from schemas import streams
from schemas.facts import CustomerRegistered
from schemas.periods import Period
from schemas.problem_reasons import Reason
from schemas.problems import Problem

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

VERB = "suspense.ask_rest"
NO_UNDO = "none: it ends by itself when its time is over, and what is paid until then counts"
SHORT = "underpaid"
"""Why money is held that has a rest."""
TITLE = "Sisa pembayaran"
"""What the provider calls it to the payer."""
VIRTUAL_ACCOUNTS = ("BNI_VIRTUAL_ACCOUNT", "BCA_VIRTUAL_ACCOUNT")


@dataclass(frozen=True, slots=True)
class RestTerms:
    """`public`: where customers reach us; `lasts`: how long the rest can be paid; `least`: rupiah that an order must come to, by provider."""

    public: str | None
    lasts: Period
    least: Mapping[str, int]

    @classmethod
    def of(cls, settings: Settings) -> RestTerms:
        return cls(
            public_url(settings), Period.parse(f"{settings.order_expiry_hours}h"), least_orders(settings)
        )


@dataclass(frozen=True, slots=True)
class StandingRest:
    """The newest request for the rest of an entry. `open`: it can be paid still; `status` as of its request; `code`: why its provider would not have it,
    or why nobody knows yet; `page`: where it is paid."""

    request_id: str
    amount_idr: int
    status: str
    expires_at: datetime
    since: datetime
    by: str
    open: bool
    code: str | None
    page: str | None


@dataclass(frozen=True, slots=True)
class AskedAnew:
    """What was asked for, and the act."""

    request_id: str
    amount_idr: int
    expires_at: datetime
    act_id: uuid.UUID
    position: int


@dataclass(frozen=True, slots=True)
class MissingRest:
    """How much would be asked for, and whom."""

    amount_idr: int
    customer_id: str


async def missing_rest(connection: Connection, entry: HeldEntry) -> MissingRest:
    """What asking for the rest would ask for now. Raises Problem."""
    row = await _asked_for(connection, entry)
    missing = check_rest(entry.row, row)
    return MissingRest(missing, "" if row is None else row["customer_id"])


async def standing_rest(connection: Connection, entry: HeldEntry, public: str | None) -> StandingRest | None:
    """What was asked for of it last; None when nothing was."""
    row = await _asked_for(connection, entry)
    return None if row is None else _rest_in(row, public)


async def ask_rest(connection: Connection, suspense_id: str, author: Author, terms: RestTerms) -> AskedAnew:
    """In the caller's transaction; the provider is called behind it. Raises Problem: nothing to ask for, or asked already."""
    entry = await free(connection, suspense_id, author.patience_seconds)
    await lock_log(connection)
    entry = await still_free(connection, entry)
    row = await _asked_for(connection, entry)
    missing = check_rest(entry.row, row)
    if row is None:
        raise LookupError(suspense_id)
    wanted = rest_wanted(row, entry.row, missing, terms)
    draft = await _drafted(connection, wanted, row["now"], terms.public)
    if draft.ask is None or draft.expires_at is None:
        raise TypeError(draft.request_id)
    made = events_of(draft.request_id, draft.events, {**draft.traced, "actor": author.actor})
    position = (await append(connection, made)).last
    await connection.execute(
        SQL["ask_rest"],
        draft.request_id,
        wanted.kind,
        wanted.customer_id,
        wanted.provider,
        wanted.amount_idr,
        wanted.method,
        wanted.channel,
        draft.ask.model_dump_json(),
        draft.expires_at,
        draft.asked_at,
        position,
        draft.secret,
        draft.secret_digest,
        wanted.rest_of,
        entry.id,
        author.actor,
    )
    after = {"request_id": draft.request_id, "amount": missing, "expires_at": draft.expires_at}
    act_id = await record(connection, entry, author, WordAct(VERB, NO_UNDO, after))
    return AskedAnew(draft.request_id, missing, draft.expires_at, act_id, position)


def check_rest(held: Any, row: Any) -> int:
    """Rupiah that are missing. `row`: what it came for. Raises Problem with what to do instead."""
    if held["reason"] != SHORT:
        raise _none("rest_not_short")
    provider = str(held["provider"])
    traits = traits_of(provider)
    if traits.paid_by_hand:
        raise _none("rest_by_hand")
    if not traits.asks_any_amount:
        raise _none("rest_store_prices", provider=provider)
    if row is None:
        raise _none("rest_not_ours")
    if row["refunded_idr"]:
        raise _none("rest_partly_back")
    rest = _rest_in(row, None)
    if rest is not None and rest.open:
        told: dict[str, object] = {"amount": rest.amount_idr, "request": rest.request_id, "by": rest.by}
        times = {"at": shown_at(rest.since), "until": shown_at(rest.expires_at)}
        raise Problem("suspense_already_done", reason=Reason("already_asking", told | times))
    asked, came = row["asked_idr"], row["came_idr"]
    if not isinstance(asked, int) or came != held["amount"] or not isinstance(came, int) or came >= asked:
        raise _none("rest_being_counted")
    return asked - came


def rest_wanted(row: Any, held: Any, missing: int, terms: RestTerms) -> Wanted:
    """The same customer at the same provider, for so much. Raises Problem for less than it takes."""
    provider, kind, channel = str(held["provider"]), str(row["kind"]), None
    if kind == "topup":
        channel = rest_channel(row["channel"], missing)
    least = terms.least.get(provider, 0) if kind == "order" else 1
    if missing < least:
        raise _none("rest_too_small", amount=missing, minimum=least, provider=provider)
    title = f"{TITLE} Rp {missing}"
    line = AskedLine(product="rest", title=title, quantity=1, price_idr=missing)
    return Wanted(
        kind=kind,
        provider=provider,
        customer_id=str(row["customer_id"]),
        amount_idr=missing,
        description=title,
        method=None if channel is None else PAYABLE[channel].method,
        channel=channel,
        lasts=terms.lasts,
        second=True,
        needs=traits_of(provider).order_needs if kind == "order" else frozenset(),
        rest_of=str(row["request_id"]),
        more={
            "lines": (line,) if kind == "order" else (),
            "rest_of": row["request_id"],
            "suspense_id": held["suspense_id"],
        },
    )


def rest_channel(before: object, amount: int) -> str:
    """The bank of before where it takes so little; else a code that any bank and wallet pays. A wallet's own page is gone by the time one reads a mail."""
    bank = (
        before if isinstance(before, str) and before in PAYABLE and PAYABLE[before].method == "va" else None
    )
    for code in filter(None, (bank, "QRIS", *VIRTUAL_ACCOUNTS)):
        if PAYABLE[code].least <= amount <= PAYABLE[code].most:
            return code
    raise _none("rest_too_small", amount=amount, minimum=1, provider=PROVIDER)


def _none(code: str, **told: object) -> Problem:
    return Problem("suspense_no_rest", reason=Reason(code, told))


async def _asked_for(connection: Connection, entry: HeldEntry) -> asyncpg.Record | None:
    row = entry.row
    return await connection.fetchrow(SQL["asked_for"], row["provider"], row["payment_id"])


def _rest_in(row: Any, public: str | None) -> StandingRest | None:
    if row["rest_id"] is None:
        return None
    rest, ends = row["rest_idr"], row["rest_expires_at"]
    # As soon as something came for it, it is what came that one looks at.
    came_for_it = (row["came_idr"] or 0) > row["asked_idr"] - rest
    over = row["rest_status"] == "refused" or came_for_it or ends <= row["now"]
    return StandingRest(
        request_id=str(row["rest_id"]),
        amount_idr=int(rest),
        status=str(row["rest_status"]),
        expires_at=ends,
        since=row["rest_since"],
        by=str(row["rest_by"]),
        open=not over,
        code=row["rest_code"],
        page=page_address(public, str(row["rest_secret"])),
    )


async def _drafted(connection: Connection, wanted: Wanted, now: datetime, public: str | None) -> RequestDraft:
    registered = await newest_of(connection, streams.customer(wanted.customer_id), CustomerRegistered.TYPE)
    if not isinstance(registered, CustomerRegistered):
        raise Problem("customer_not_found")
    payer = Payer(wanted.customer_id, registered.name, registered.email, registered.phone, now)
    check_complete(payer, wanted)
    return drafted(wanted, payer, None, public)

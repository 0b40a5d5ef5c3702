"""The calls about held money: from a request to a look or a word, from what became of it to an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from api.answers import answer, language_of
from api.catalogue import CatalogueInForce
from api.checkout import idempotency
from api.checkout.bodies import parsed
from api.checkout.idempotency import FirstAnswer
from api.gate import key_of
from api.parameters import MAX_POSITION, SEGMENT_MAX, integer, only
from api.reads.positions import PositionWatch
from api.refunds.asking import Refunder
from api.refunds.book import came_to_nothing
from api.refunds.handlers import created
from api.suspense import calls, speaking, undoing
from api.suspense.gathering import SQL, candidates
from api.suspense.rest import StandingRest, standing_rest
from api.suspense.returning import Return, give_back
from api.suspense.scoring import RankedCustomer
from api.suspense.speaking import CREDIT, Author
from api.suspense.speaking import SaidWord as Word
from projections.held_money import ageing
from runtime.database import Connection, Pool
from runtime.pay_pages import public_url
from schemas.calls import Call
from schemas.candidate_reasons import explained
from schemas.languages import Language
from schemas.problems import Problem
from schemas.suspense_api import (
    SuspenseClaimBody,
    SuspenseRefundBody,
    SuspenseUndoBody,
    SuspenseWriteOffBody,
    WordBody,
)

if TYPE_CHECKING:
    from runtime.settings import Settings

Route = tuple[Call, Callable[[web.Request], Awaitable[web.StreamResponse]]]
Said = TypeVar("Said", bound=WordBody)
CANDIDATES_MAX = 10
RETRY = {"Retry-After": "1"}
DONE = {
    "suspense.claimed": "claimed",
    "suspense.claim_withdrawn": "unclaimed",
    "suspense.written_off": "written_off",
    "suspense.write_off_withdrawn": "reopened",
    "refund.failed": "refund_taken_back",
}


class SuspenseCalls:
    """Handlers over one pool."""

    def __init__(self, pool: Pool, settings: Settings, watch: PositionWatch, refunder: Refunder) -> None:
        self._pool, self._settings, self._watch, self._refunder = pool, settings, watch, refunder
        self._acquire_seconds = settings.database_acquire_timeout_seconds
        self._catalogue = CatalogueInForce(pool, settings.catalog)

    def routes(self) -> list[Route]:
        """Every call with its handler."""
        return [
            (calls.AGEING, self.ageing),
            (calls.SHOW, self.show),
            (calls.CANDIDATES, self.candidates),
            (calls.CLAIM, self.claim),
            (calls.UNDO, self.undo),
            (calls.REFUND, self.refund),
            (calls.WRITE_OFF, self.write_off),
        ]

    async def ageing(self, request: web.Request) -> web.StreamResponse:
        wanted = await self._wait(request)
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            seen = await connection.fetchrow(SQL["one"], "")
            spans = await ageing(connection, self._settings.suspense_ageing_hours)
        names = ("provider", "from_hours", "to_hours", "count", "amount", "unknown", "oldest")
        return answer(
            {
                "count": sum(one.count for one in spans),
                "amount": sum(one.amount for one in spans),
                "oldest": min((one.oldest for one in spans), default=None),
                "items": [{name: getattr(one, name) for name in names} for one in spans],
                **_stands(seen, wanted),
            }
        )

    async def show(self, request: web.Request) -> web.StreamResponse:
        wanted = await self._wait(request)
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            found = await speaking.look(connection, _entry(request))
            acts = await connection.fetch(SQL["acts"], found.id)
            refund = await speaking.going_back(connection, found)
            undoable = await undoing.newest_undoable(connection, found)
            rest = await standing_rest(connection, found, public_url(self._settings))
        shown = [
            {
                "act_id": str(act["act_id"]),
                "at": act["at"],
                "verb": act["verb"],
                "by": act["actor"],
                "reason": act["reason"],
            }
            for act in acts
        ]
        more = {
            "acts": shown,
            "going_back": _going_back(refund),
            "rest": _rest(rest),
            "undoable": undoable is not None,
        }
        return answer(_entry_shown(found.row) | more | _stands(found.row, wanted))

    async def candidates(self, request: web.Request) -> web.StreamResponse:
        wanted = await self._wait(request)
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            row = (await speaking.look(connection, _entry(request))).row
            ranked = await candidates(connection, row)
        items = [_candidate(one, language_of(request)) for one in ranked[:CANDIDATES_MAX]]
        return answer({"id": row["suspense_id"], "items": items} | _stands(row, wanted))

    async def claim(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = parsed(raw, SuspenseClaimBody)
        known = (await self._catalogue.get()).product(body.product or "")
        if body.product not in (None, CREDIT) and known is None:
            raise Problem("product_unknown", product=body.product, field="product")

        async def say(connection: Connection, entry: str, author: Author) -> Word:
            return await speaking.claim(connection, entry, body.customer_id, body.product, author)

        return await self._speak(request, raw, body, say)

    async def undo(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        return await self._speak(request, raw, parsed(raw, SuspenseUndoBody), undoing.undo)

    async def write_off(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        return await self._speak(request, raw, parsed(raw, SuspenseWriteOffBody), speaking.write_off)

    async def refund(self, request: web.Request) -> web.StreamResponse:
        """201 once the provider took it on or it went back by hand, 202 while the provider has not answered."""
        raw = await request.read()
        body = parsed(raw, SuspenseRefundBody)

        async def do(connection: Connection, entry: str, author: Author) -> dict[str, Any]:
            made = await give_back(connection, Return(entry, body.amount, body.proof), author, "api")
            return {"refund_id": made.recorded.refund_id}

        async def nothing(connection: Connection, first: dict[str, Any]) -> bool:
            return await came_to_nothing(connection, str(first["refund_id"]))

        first, new = await self._once(request, raw, body, do, nothing)
        row = await self._refunder.settled(str(first["refund_id"]))
        return created(row, new=new)

    async def _speak(
        self,
        request: web.Request,
        raw: bytes,
        body: WordBody,
        say: Callable[[Connection, str, Author], Awaitable[Word]],
    ) -> web.StreamResponse:
        async def do(connection: Connection, entry: str, author: Author) -> dict[str, Any]:
            spoken = await say(connection, entry, author)
            return {
                "id": entry,
                "done": DONE[spoken.word.TYPE],
                "act_id": str(spoken.act_id),
                "undoable": spoken.word.TYPE in ("suspense.claimed", "suspense.written_off"),
                "position": spoken.position,
            }

        document, _ = await self._once(request, raw, body, do)
        return answer(document)

    async def _once(
        self,
        request: web.Request,
        raw: bytes,
        body: WordBody,
        do: Callable[[Connection, str, Author], Awaitable[dict[str, Any]]],
        nothing: Callable[[Connection, dict[str, Any]], Awaitable[bool]] | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """What was answered the first time, and whether this is it. `nothing`: whether nothing ever came of that, so that it is done now."""
        only(request, ())
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        digest = idempotency.digest(request.method, request.path, raw)
        who = f"{body.by} ({key_of(request)})" if body.by else key_of(request)
        author = Author(who, body.reason, self._settings.min_position_wait_seconds)
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            repeated = await idempotency.earlier(connection, key, digest)
            if repeated is not None and not (nothing and await nothing(connection, repeated.document)):
                return repeated.document, False
            document = await do(connection, _entry(request), author)
            if repeated is None:
                await idempotency.keep(connection, key, digest, FirstAnswer(200, document))
            else:
                await idempotency.replace(connection, key, FirstAnswer(200, document))
        return document, True

    async def _wait(self, request: web.Request) -> int:
        only(request, ("min_position",))
        wanted = integer(request, "min_position", 0, MAX_POSITION) or 0
        if wanted:
            await self._watch.reached(("suspense",), wanted, self._settings.min_position_wait_seconds)
        return wanted


def _entry(request: web.Request) -> str:
    """What PostgreSQL cannot even be asked about does not exist."""
    entry = request.match_info["suspense_id"]
    if "\x00" in entry or not entry.isprintable() or len(entry) > SEGMENT_MAX:
        raise Problem("suspense_not_found")
    return entry


def _stands(row: Any, wanted: int) -> dict[str, Any]:
    if row is None or row["at_position"] is None:
        raise Problem("unavailable", headers=RETRY)
    if row["at_position"] < wanted:
        raise Problem("projection_behind", headers=RETRY, position=row["at_position"], min_position=wanted)
    return {"position": row["at_position"], "lag_seconds": round(row["lag"], 3)}


def _entry_shown(row: Any) -> dict[str, Any]:
    names = (
        "reason", "provider", "amount", "payer_email", "customer_id", "product", "since", "stale", "status", "resolution", "released_at",
        "released_by",
    )  # fmt: skip
    shown = {name: row[name] for name in names}
    return {"id": row["suspense_id"], "provider_payment_id": row["payment_id"]} | shown


def _going_back(refund: Any) -> dict[str, Any] | None:
    if refund is None:
        return None
    names = {"refund_id": "refund_id", "status": "status", "since": "created_at", "by": "actor"}
    return {name: refund[column] for name, column in names.items()}


def _rest(rest: StandingRest | None) -> dict[str, Any] | None:
    if rest is None:
        return None
    return {
        "request_id": rest.request_id,
        "amount": rest.amount_idr,
        "open": rest.open,
        "since": rest.since,
        "expires_at": rest.expires_at,
        "by": rest.by,
        "failure_code": rest.code,
        "payment_page_url": rest.page,
    }


def _candidate(one: RankedCustomer, language: Language) -> dict[str, Any]:
    reasons = [
        {
            "reason": sign.reason,
            "points": sign.points,
            "explained": explained(sign.reason, sign.values, language),
        }
        for sign in one.signs
    ]
    return {"customer_id": one.customer_id, "score": one.score, "strength": one.strength, "reasons": reasons}

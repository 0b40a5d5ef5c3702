"""Subscriptions: `POST /v1/subscriptions`, their end, another plan, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from api.answers import answer
from api.catalogue import CatalogueInForce
from api.checkout import idempotency
from api.checkout.bodies import parsed
from api.checkout.plan_requests import SQL, ActWanted, PlanRequests
from api.checkout.plan_shapes import shape, step
from api.checkout.plan_turns import PlanTurns
from api.checkout.plan_wishes import plan_of, plan_wanted, sold_as
from api.checkout.standing import Watch, check_position, refusal_of, refused_as
from api.parameters import MAX_POSITION, integer, is_anothers, only
from eventstore.queries import in_one_statement
from eventstore.read import AT_STEPS
from runtime.faults import fault_point
from schemas.catalog import Catalog, Product
from schemas.plan_facts import ChangeFrom, is_own_subscription
from schemas.problems import Problem
from schemas.request_facts import RequestedItem
from schemas.subscription_api import (
    ActedSubscription,
    CancelBody,
    ChangeBody,
    MadeSubscription,
    OneSubscription,
    SubscriptionBody,
)

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

READ = ("subscriptions", "payments")  # the history is kept with payments
HISTORY = in_one_statement((("steps", SQL["steps"]), ("happened", AT_STEPS)), SQL["history"])


class SubscriptionCalls:
    """Handlers over requests for plans."""

    def __init__(
        self,
        requests: PlanRequests,
        turns: PlanTurns,
        catalogue: CatalogueInForce,
        watch: Watch,
        settings: Settings,
    ) -> None:
        self._requests, self._turns, self._catalogue, self._watch = requests, turns, catalogue, watch
        self._wait_seconds = settings.min_position_wait_seconds

    async def post(self, request: web.Request) -> web.StreamResponse:
        """201 with where the customer links a wallet or card, also when one of this plan was live; 202 while the provider has not answered."""
        only(request, ())
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        raw = await request.read()
        body = parsed(raw, SubscriptionBody)
        catalog = await self._catalogue.get()
        wanted = plan_wanted(
            catalog, body.customer_id, body.plan, body.payment_method, second=body.allow_second
        )
        digest = idempotency.digest(request.method, request.path, raw)
        recorded = await self._requests.record(wanted, key, digest)
        fault_point("plan.recorded")
        row = await self._settled(recorded.request_id)
        if row["status"] == "refused":
            raise refusal_of(row)
        document = MadeSubscription(**shape(row), created=recorded.created, position=row["position"])
        return answer(document.model_dump(mode="json"), 202 if row["status"] == "requested" else 201)

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """Our word counts at once; the provider is told to stop until it confirms."""
        act, body = await self._act(request, CancelBody)
        await self._requests.cancel(act, body.at)
        row = await self._settled(act.request_id)
        return answer(ActedSubscription(**shape(row), position=row["position"]).model_dump(mode="json"))

    async def change(self, request: web.Request) -> web.StreamResponse:
        """200 when the provider charges for the other plan from now on; 202 while it has not answered. Its refusal is an error."""
        act, body = await self._act(request, ChangeBody)
        catalog = await self._catalogue.get()
        wanted = plan_of(catalog, body.plan)
        row = await self._requests.row(act.request_id)
        if row is None:
            raise Problem("subscription_not_found")
        since = body.at
        if since == "auto":
            since = usual_change(catalog, in_force(row), wanted)
        asked = await self._requests.change(act, sold_as(wanted), since)
        row = await self._settled(act.request_id)
        code = await self._requests.refusal(act.request_id, asked) if asked is not None else None
        if code is not None:
            raise refused_as(code, row["provider"])
        document = ActedSubscription(**shape(row), position=row["position"])
        return answer(document.model_dump(mode="json"), 200 if row["act"] is None else 202)

    async def get(self, request: web.Request) -> web.StreamResponse:
        """One subscription with its history. While its provider has not answered, a look asks it."""
        only(request, ("min_position", "customer_id"))
        request_id = _request_id(request)
        wanted = integer(request, "min_position", 0, MAX_POSITION) or 0
        if wanted:
            await self._watch.reached(READ, wanted, self._wait_seconds)
        row = check_position(await self._requests.pool.fetchrow(SQL["find"], request_id), wanted)
        if row["request_id"] is None or is_anothers(request, row["customer_id"]):
            raise Problem("subscription_not_found")
        if row["status"] == "requested":
            row = await self._settled(request_id)
        steps = await self._requests.pool.fetch(HISTORY, row["subscription_id"])
        place = {"position": row["at_position"], "lag_seconds": row["lag"]}
        document = OneSubscription(**shape(row), history=[step(one) for one in steps], **place)
        return answer(document.model_dump(mode="json"))

    async def _act(self, request: web.Request, model: type[Any]) -> tuple[ActWanted, Any]:
        only(request, ())
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        raw = await request.read()
        body = parsed(raw, model)
        digest = idempotency.digest(request.method, request.path, raw)
        return ActWanted(_request_id(request), body.customer_id, key, digest), body

    async def _settled(self, request_id: str) -> asyncpg.Record:
        row = await self._turns.settled(request_id)
        if row is None:
            raise Problem("unavailable", headers={"Retry-After": "1"})
        return row


def in_force(row: asyncpg.Record) -> str | None:
    """The tier that is paid for. One that a change waits for is not: to take a downgrade back is no upgrade, and charges nothing today."""
    return row["tier"] or RequestedItem.model_validate_json(row["sold"]).tier


def usual_change(catalog: Catalog, current: str | None, wanted: Product) -> ChangeFrom:
    """A higher tier is what somebody wants today; anything else can wait until what they have paid for is over."""
    order = {tier.id: rank for rank, tier in enumerate(catalog.tiers)}
    return "now" if order.get(wanted.tier or "", -1) > order.get(current or "", -1) else "period_end"


def _request_id(request: web.Request) -> str:
    request_id = request.match_info["subscription_id"]
    if not is_own_subscription(request_id):
        raise Problem("subscription_not_found")
    return request_id

"""The read calls. Each answer comes from one statement (a payment with its timeline from one snapshot), position and lag included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web

from api.answers import answer
from api.catalogue import CatalogueInForce
from api.parameters import (
    MAX_POSITION,
    SEGMENT_MAX,
    encode_cursor,
    integer,
    is_anothers,
    only,
    position_cursor,
    time_cursor,
)
from api.reads import calls, shapes
from api.reads.positions import PositionWatch
from eventstore.queries import in_one_statement, load
from eventstore.read import AT_STEPS, shown
from runtime.database import Pool
from schemas.calls import Call
from schemas.credit_api import MAX_PAPERS, MAX_TOKENS
from schemas.email_address import normalise_email
from schemas.problem_reasons import Reason
from schemas.problems import Problem

if TYPE_CHECKING:
    import asyncpg

    from runtime.settings import Settings

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Route = tuple[Call, Handler]
Records = Sequence["asyncpg.Record"]

RETRY_SECONDS = "1"
SAME_EMAIL_MAX = 50  # customers shown for one address; more is a mistake in the data, not a reading list


class Reads:
    """Handlers over one pool. `lag`: seconds by which the server that it leads to may be behind the one that takes writes."""

    def __init__(
        self,
        pool: Pool,
        settings: Settings,
        watch: PositionWatch,
        lag: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._pool = pool
        self._lag = lag
        self._wait_seconds = settings.min_position_wait_seconds
        self._acquire_seconds = settings.database_acquire_timeout_seconds
        self._page_max = settings.read_page_max
        self._watch = watch
        self._catalogue = CatalogueInForce(pool, settings.catalog)
        self._sql = load("reads.sql", "api")
        parts = (("steps", self._sql["steps"]), ("happened", AT_STEPS))
        self._timeline = in_one_statement(parts, self._sql["timeline"])
        parts = (("steps", self._sql["tier_steps"]), ("happened", AT_STEPS))
        self._tiers = in_one_statement(parts, self._sql["tiers"])

    def routes(self) -> list[Route]:
        """Every call with its handler."""
        return [
            (calls.GET_CUSTOMER, self.customer),
            (calls.FIND_CUSTOMERS, self.customers),
            (calls.GET_BALANCE, self.balance),
            (calls.LIST_SUBSCRIPTIONS, self.subscriptions),
            (calls.LIST_TIERS, self.tiers),
            (calls.LIST_ENROLLMENTS, self.enrollments),
            (calls.GET_ENTITLEMENTS, self.entitlements),
            (calls.LIST_PAYMENTS, self.payments),
            (calls.GET_PAYMENT, self.payment),
            (calls.LIST_SUSPENSE, self.suspense),
            (calls.CHECK_LEDGER, self.ledger),
        ]

    async def customer(self, request: web.Request) -> web.StreamResponse:
        only(request, ("min_position",))
        rows = await self._fetch(request, ("customers", "balances"), "customer", _customer_id(request))
        return self._answer(shapes.customer(_known(rows), (await self._catalogue.get()).first_tier))

    async def customers(self, request: web.Request) -> web.StreamResponse:
        only(request, ("email", "min_position"))
        email = normalise_email(request.query.get("email"))
        if email is None or "\x00" in email:
            raise Problem("invalid_parameter", parameter="email", reason=Reason("email_expected"))
        rows = await self._fetch(
            request, ("customers", "balances"), "customers_by_email", email, SAME_EMAIL_MAX
        )
        if rows[0]["customer_id"] is None:
            raise Problem("customer_not_found", field="email")
        return self._answer(shapes.customers(rows, (await self._catalogue.get()).first_tier))

    async def balance(self, request: web.Request) -> web.StreamResponse:
        only(request, ("min_position",))
        customer_id = _customer_id(request)
        rows = await self._fetch(request, ("customers", "balances", "spending"), "balance", customer_id)
        return self._answer(
            shapes.balance(customer_id, _known(rows), (await self._catalogue.get()).first_tier)
        )

    async def subscriptions(self, request: web.Request) -> web.StreamResponse:
        limit, customer_id = self._limit(request), _customer_id(request)
        rows = await self._fetch(
            request,
            ("customers", "subscriptions"),
            "subscriptions",
            customer_id,
            position_cursor(request),
            limit + 1,
        )
        _known(rows)
        items = [row for row in rows if row["subscription_id"] is not None]
        document = shapes.page(rows, [shapes.subscription(row) for row in items[:limit]], customer_id)
        return self._paged(document, items, limit, lambda row: encode_cursor(row["first_position"]))

    async def tiers(self, request: web.Request) -> web.StreamResponse:
        limit, customer_id = self._limit(request), _customer_id(request)
        await self._wait(request, ("customers", "balances", "tiers"))
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            rows = await connection.fetch(self._tiers, customer_id, position_cursor(request), limit + 1)
        self._check_position(request, rows[0] if rows else None)
        _known(rows)
        items = [row for row in rows if row["position"] is not None]
        document = shapes.page(rows, [shapes.tier_change(row) for row in items[:limit]], customer_id)
        return self._paged(document, items, limit, lambda row: encode_cursor(row["position"]))

    async def enrollments(self, request: web.Request) -> web.StreamResponse:
        limit, customer_id = self._limit(request), _customer_id(request)
        at, course = time_cursor(request)
        rows = await self._fetch(
            request, ("customers", "enrollments"), "enrollments", customer_id, at, course, limit + 1
        )
        _known(rows)
        items = [row for row in rows if row["course"] is not None]
        document = shapes.page(rows, [shapes.enrollment(row) for row in items[:limit]], customer_id)
        return self._paged(
            document, items, limit, lambda row: encode_cursor(row["granted_at"], row["course"])
        )

    async def payments(self, request: web.Request) -> web.StreamResponse:
        limit, customer_id = self._limit(request), _customer_id(request)
        rows = await self._fetch(
            request, ("customers", "payments"), "payments", customer_id, position_cursor(request), limit + 1
        )
        _known(rows)
        items = [row for row in rows if row["record"] is not None]
        document = shapes.page(rows, [shapes.payment(row) for row in items[:limit]], customer_id)
        return self._paged(document, items, limit, lambda row: encode_cursor(row["first_position"]))

    async def suspense(self, request: web.Request) -> web.StreamResponse:
        limit = self._limit(request)
        at, suspense_id = time_cursor(request)
        rows = await self._fetch(request, ("suspense",), "suspense", at, suspense_id, limit + 1)
        items = [row for row in rows if row["suspense_id"] is not None]
        document = shapes.page(rows, [shapes.suspense(row) for row in items[:limit]])
        return self._paged(
            document, items, limit, lambda row: encode_cursor(row["since"], row["suspense_id"])
        )

    async def entitlements(self, request: web.Request) -> web.StreamResponse:
        only(request, ("min_position", "tokens", "papers"))
        customer_id = _customer_id(request)
        tokens, papers = integer(request, "tokens", 0, MAX_TOKENS), integer(request, "papers", 0, MAX_PAPERS)
        names = ("customers", "balances", "subscriptions", "enrollments", "spending")
        row = _known(await self._fetch(request, names, "entitlements", customer_id))
        plans: list[dict[str, Any]] = orjson.loads(row["plans"])
        catalog = await self._catalogue.get()
        return self._answer(shapes.entitlements(customer_id, row, plans, catalog, tokens, papers))

    async def payment(self, request: web.Request) -> web.StreamResponse:
        only(request, ("min_position", "customer_id"))
        provider, payment_id = _segment(request, "provider"), _segment(request, "payment_id")
        await self._wait(request, ("payments",))
        async with (
            self._pool.acquire(timeout=self._acquire_seconds) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await connection.fetchrow(self._sql["payment"], provider, payment_id)
            self._check_position(request, row)
            if row is None or row["record"] is None or is_anothers(request, row["customer_id"]):
                raise Problem("payment_not_found")
            timeline = await shown(connection, await connection.fetch(self._timeline, row["case_key"]))
        return self._answer(shapes.payment_with_timeline(row, timeline))

    async def ledger(self, request: web.Request) -> web.StreamResponse:
        only(request, ("min_position",))
        await self._wait(request, ("ledger", "backing"))
        async with (
            self._pool.acquire(timeout=self._acquire_seconds) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            rows = await connection.fetch(self._sql["ledger"])
            self._check_position(request, rows[0] if rows else None)
            unbacked = await connection.fetch(self._sql["unbacked"])
        return self._answer(shapes.ledger(rows, unbacked))

    def _answer(self, document: dict[str, object]) -> web.Response:
        """`lag_seconds` says how old it may be, wherever it was read."""
        said = document["lag_seconds"]
        assert isinstance(said, float)
        return answer(document | {"lag_seconds": round(max(said, self._lag()), 3)})

    def _paged(
        self,
        document: dict[str, object],
        items: Records,
        limit: int,
        cursor: Callable[[asyncpg.Record], str],
    ) -> web.Response:
        document["next_cursor"] = cursor(items[limit - 1]) if len(items) > limit else None
        return self._answer(document)

    def _limit(self, request: web.Request) -> int:
        only(request, ("limit", "cursor", "min_position"))
        return integer(request, "limit", 1, self._page_max) or self._page_max

    async def _fetch(
        self, request: web.Request, names: Collection[str], statement: str, *arguments: object
    ) -> Records:
        """The rows of one statement at `min_position` or later; the first one carries position and lag."""
        await self._wait(request, names)
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection:
            rows = await connection.fetch(self._sql[statement], *arguments)
        self._check_position(request, rows[0] if rows else None)
        return rows

    async def _wait(self, request: web.Request, names: Collection[str]) -> None:
        wanted = integer(request, "min_position", 0, MAX_POSITION)
        if wanted:
            await self._watch.reached(names, wanted, self._wait_seconds)

    def _check_position(self, request: web.Request, row: asyncpg.Record | None) -> None:
        """Never an answer older than asked for, whatever the wait ended with."""
        if row is None or row["at_position"] is None:
            raise Problem("unavailable", headers={"Retry-After": RETRY_SECONDS})
        wanted = integer(request, "min_position", 0, MAX_POSITION) or 0
        if row["at_position"] < wanted:
            raise Problem(
                "projection_behind",
                headers={"Retry-After": RETRY_SECONDS},
                position=row["at_position"],
                min_position=wanted,
            )


def _known(rows: Records) -> asyncpg.Record:
    if not rows[0]["known"]:
        raise Problem("customer_not_found")
    return rows[0]


def _customer_id(request: web.Request) -> str:
    return _segment(request, "customer_id", "customer_not_found")


def _segment(request: web.Request, name: str, missing: str = "payment_not_found") -> str:
    """A path segment; what PostgreSQL cannot even be asked about does not exist."""
    value = request.match_info[name]
    if "\x00" in value or not value.isprintable() or len(value) > SEGMENT_MAX:
        raise Problem(missing)
    return value

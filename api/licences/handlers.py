"""Handlers of the calls about licences."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

from api.answers import answer
from api.catalogue import CatalogueInForce
from api.checkout import idempotency
from api.checkout.bodies import parsed
from api.checkout.idempotency import FirstAnswer
from api.licences import calls
from api.licences.counter import KnownLicence, LicenceCounter, is_valid
from api.licences.products import products_of
from api.licences.records import LicenceRecords
from api.parameters import only
from runtime.database import Pool
from schemas.calls import Call
from schemas.licence_api import LicenceAnswer, LicenceBody, LicenceSubscription, SwitchedLicence
from schemas.problems import Problem

if TYPE_CHECKING:
    import asyncpg

Route = tuple[Call, Callable[[web.Request], Awaitable[web.StreamResponse]]]


class LicenceCalls:
    """`provider`: who sells licences. `fallback`: its product when nothing else tells."""

    def __init__(
        self,
        provider: str,
        counter: LicenceCounter,
        records: LicenceRecords,
        catalogue: CatalogueInForce,
        pool: Pool,
        *,
        fallback: str | None,
        acquire_seconds: float,
    ) -> None:
        self._provider, self._counter, self._records, self._catalogue = provider, counter, records, catalogue
        self._pool, self._fallback, self._acquire_seconds = pool, fallback, acquire_seconds

    def routes(self) -> list[Route]:
        """Every call with its handler."""
        return [
            (calls.VERIFY, self.verify),
            (calls.ACTIVATE, self.activate),
            (calls.DEACTIVATE, self.deactivate),
        ]

    async def verify(self, request: web.Request) -> web.StreamResponse:
        only(request, ())
        body = parsed(await request.read(), LicenceBody)
        record = await self._record(body)
        products = await self._products(body, record)
        known = await self._counter.verify(body.licence_code, self._provider, products, record)
        bought = await self._bought(body, known, record)
        return answer(self._shown(body, known, record, bought).model_dump(mode="json"))

    async def activate(self, request: web.Request) -> web.StreamResponse:
        return await self._switch(request, active=True)

    async def deactivate(self, request: web.Request) -> web.StreamResponse:
        return await self._switch(request, active=False)

    async def _switch(self, request: web.Request, *, active: bool) -> web.StreamResponse:
        only(request, ())
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        raw = await request.read()
        body = parsed(raw, LicenceBody)
        digest = idempotency.digest(request.method, request.path, raw)
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            repeated = await idempotency.earlier(connection, key, digest)
        if repeated is not None:
            return answer(repeated.document, repeated.status)
        record = await self._record(body)
        products = await self._products(body, record)
        if body.customer_id is not None and record["subscription_id"] is None:
            # No webhook named this code: whose it is only the provider's word on it tells.
            known = await self._counter.verify(body.licence_code, self._provider, products, record)
            await self._bought(body, known, record)
        product, changed = await self._counter.switch(
            body.licence_code, self._provider, products, active=active
        )
        document = SwitchedLicence(
            licence_code=body.licence_code,
            product_id=product,
            provider=self._provider,
            active=active,
            changed=changed,
            at=record["now"],
            position=record["at_position"],
            lag_seconds=record["lag"],
        ).model_dump(mode="json")
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            # Somebody may have been faster with this key: theirs is the answer then.
            first = await idempotency.earlier(connection, key, digest)
            if first is None:
                await idempotency.keep(connection, key, digest, FirstAnswer(200, document))
        return answer(first.document if first is not None else document)

    async def _record(self, body: LicenceBody) -> asyncpg.Record:
        """Raises Problem for a licence that we know as another customer's."""
        record = await self._records.look(body.licence_code, body.customer_id)
        if body.customer_id is not None and record["customer_id"] not in (None, body.customer_id):
            raise Problem("licence_of_another_customer", field="licence_code")
        return record

    async def _bought(
        self, body: LicenceBody, known: KnownLicence, record: asyncpg.Record
    ) -> asyncpg.Record | None:
        """Where no webhook named the code: what the payment tells that it was sold with. Raises Problem for one that somebody else bought."""
        sold_with = known.checked.word.transaction_id if known.checked else None
        if record["subscription_id"] is not None or sold_with is None:
            return None
        bought = await self._records.bought(self._provider, sold_with)
        if bought is not None and body.customer_id not in (None, bought["customer_id"]):
            raise Problem("licence_of_another_customer", field="licence_code")
        return bought

    async def _products(self, body: LicenceBody, record: asyncpg.Record) -> list[str]:
        return products_of(
            await self._catalogue.get(),
            self._provider,
            named=body.product_id,
            plan=record["plan"],
            fallback=self._fallback,
        )

    def _shown(
        self, body: LicenceBody, known: KnownLicence, record: asyncpg.Record, bought: asyncpg.Record | None
    ) -> LicenceAnswer:
        now, checked = record["now"], known.checked
        subscription, ours = None, record if bought is None else bought
        if ours["subscription_id"] is not None:
            subscription = LicenceSubscription(
                **{name: ours[name] for name in LicenceSubscription.model_fields}
            )
        word = checked.word if checked else None
        if checked is None or word is None:
            valid, status = bool(record["has_access"]), record["status"]
        else:
            valid, status = is_valid(checked, now), word.status
            if status == "active" and not valid:
                status = "expired"
        return LicenceAnswer(
            licence_code=body.licence_code,
            product_id=checked.product_id if checked and status != "not_found" else None,
            provider=self._provider,
            valid=valid,
            status=status,
            expires_at=word.expires_at if word else record["expires_at"],
            activation_limit=word.activation_limit if word else None,
            use_count=word.use_count if word else None,
            tier_name=word.tier_name if word else None,
            source=known.source,
            checked_at=checked.checked_at if checked else None,
            age_seconds=max((now - checked.checked_at).total_seconds(), 0.0) if checked else None,
            problem=known.problem,
            subscription=subscription,
            position=record["at_position"],
            lag_seconds=record["lag"],
        )

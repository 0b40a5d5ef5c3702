"""`PUT /v1/customers/{customer_id}`: our applications tell us who their customers are. What waited for them is claimed by fulfilment."""

from __future__ import annotations

import re

from aiohttp import web
from pydantic import ValidationError

from api.checkout import idempotency
from api.checkout.idempotency import FirstAnswer
from eventstore import append as log_append
from eventstore.append import NewEvent
from eventstore.queries import load
from eventstore.read import head, newest_of, stream_version
from runtime.database import Connection, Pool
from runtime.ids import uuid7
from runtime.tracing import told_of
from schemas import streams, strict_json
from schemas.api import CUSTOMER_ID_PATTERN, CustomerBody, CustomerRegistration
from schemas.calls import Call, NextCall, Parameter
from schemas.email_address import normalise_email
from schemas.errors import UnparsableError, WrongExpectedVersion
from schemas.facts import CustomerRegistered
from schemas.problem_reasons import Reason, reason_of
from schemas.problems import Problem
from schemas.streams import StreamName

ATTEMPTS = 3  # another writer got between reading the stream and appending; cannot happen while all take the log's lock

_SQL = load("customers.sql", "api")
_ID = re.compile(CUSTOMER_ID_PATTERN)
_COUNTRY = re.compile(r"^(62|0)")

_CUSTOMER, _POSITION = "$response.body#/customer_id", "$response.body#/position"

PUT_CUSTOMER = Call(
    "putCustomer",
    "PUT",
    "/v1/customers/{customer_id}",
    "Register a customer, or change what is known about one",
    "Daftarkan pelanggan, atau ubah datanya",
    {200: CustomerRegistration, 201: CustomerRegistration},
    (
        Parameter(
            "customer_id",
            "path",
            "Id given by your application.",
            required=True,
            pattern=f"^{CUSTOMER_ID_PATTERN}$",
            example="budi",
        ),
        Parameter(
            "Idempotency-Key",
            "header",
            "Repeating a request with it does nothing and answers the same.",
            min_length=1,
            max_length=idempotency.KEY_MAX,
            pattern=idempotency.KEY_PATTERN,
        ),
    ),
    body=CustomerBody,
    problems=("invalid_body", "invalid_parameter", "idempotency_key_reused", "conflict", "body_too_large"),
    description="Verified money that waits in suspense for this e-mail is claimed shortly after, without another call.",
    tag="customers",
    links=(
        NextCall("GetCustomer", "getCustomer", {"customer_id": _CUSTOMER, "min_position": _POSITION}),
        NextCall("ListPayments", "listPayments", {"customer_id": _CUSTOMER, "min_position": _POSITION}),
    ),
)


class Customers:
    """Handlers over one pool."""

    def __init__(self, pool: Pool, *, acquire_seconds: float) -> None:
        self._pool = pool
        self._acquire_seconds = acquire_seconds

    async def put(self, request: web.Request) -> web.StreamResponse:
        """200 when the customer was known, 201 when new; nothing is appended when nothing changed."""
        customer_id = request.match_info["customer_id"]
        if not _ID.fullmatch(customer_id):
            raise Problem("invalid_parameter", parameter="customer_id", reason=Reason("customer_id"))
        key = idempotency.checked_key(request.headers.get("Idempotency-Key"))
        raw = await request.read()
        body = _parsed(raw)
        digest = idempotency.digest(request.method, request.path, raw)
        for _ in range(ATTEMPTS):
            try:
                answer = await self._register(customer_id, body, key, digest)
            except WrongExpectedVersion:
                continue
            return web.json_response(
                answer.document, status=answer.status, headers={"Cache-Control": "no-store"}
            )
        raise Problem("conflict", headers={"Retry-After": "1"})

    async def _register(
        self, customer_id: str, body: CustomerBody, key: str | None, digest: bytes
    ) -> FirstAnswer:
        async with self._pool.acquire(timeout=self._acquire_seconds) as connection, connection.transaction():
            repeated = await idempotency.earlier(connection, key, digest)
            if repeated is not None:
                return repeated
            answer = await register(connection, customer_id, body)
            await idempotency.keep(connection, key, digest, answer)
            return answer


async def register(connection: Connection, customer_id: str, body: CustomerBody) -> FirstAnswer:
    """Appends `customer.registered` when it says something new. Runs inside the caller's transaction."""
    stream = streams.customer(customer_id)
    wanted = CustomerRegistered(customer_id=customer_id, email=body.email, name=body.name, phone=body.phone)
    await log_append.lock_log(connection)
    shared = await _address_is_shared(connection, customer_id, body)
    version, current = await _newest_registration(connection, stream)
    if current == wanted:
        position = await head(connection)
        return _answer(wanted, created=False, changed=False, shared=shared, position=position)
    metadata = {"correlation_id": str(uuid7()), "actor": "api", **told_of()}
    appended = await log_append.append(
        connection, [NewEvent(stream, wanted, metadata)], expected={stream: version}
    )
    return _answer(wanted, created=current is None, changed=True, shared=shared, position=appended.last)


async def _address_is_shared(connection: Connection, customer_id: str, body: CustomerBody) -> bool:
    """Whether another customer is registered with this address: then its payments are nobody's without a further name."""
    email = normalise_email(body.email) or body.email
    return bool(await connection.fetchval(_SQL["address"], customer_id, email, digits_of(body.phone)))


async def _newest_registration(
    connection: Connection, stream: StreamName
) -> tuple[int, CustomerRegistered | None]:
    """The stream's version and the newest registration on it."""
    registered = await newest_of(connection, stream, CustomerRegistered.TYPE)
    version = await stream_version(connection, stream)
    return version, registered if isinstance(registered, CustomerRegistered) else None


def digits_of(phone: str | None) -> str | None:
    """A phone number as it is looked for: its digits without the country or the leading zero."""
    digits = _COUNTRY.sub("", re.sub(r"[^0-9]", "", phone)) if phone else ""
    return digits or None


def _parsed(raw: bytes) -> CustomerBody:
    try:
        document = strict_json.loads(raw)
    except UnparsableError as error:
        raise Problem("invalid_body", reason=Reason(error.reason)) from None
    try:
        return CustomerBody.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Problem("invalid_body", reason=reason_of(dict(first))) from None


def _answer(
    registered: CustomerRegistered, *, created: bool, changed: bool, shared: bool, position: int
) -> FirstAnswer:
    document = CustomerRegistration(
        customer_id=registered.customer_id,
        email=registered.email or "",
        name=registered.name,
        phone=registered.phone,
        created=created,
        changed=changed,
        email_shared=shared,
        position=position,
    )
    return FirstAnswer(201 if created else 200, document.model_dump(mode="json"))

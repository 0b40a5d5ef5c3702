"""Whom a mail is for: looked up in the log when it is sent, and kept nowhere else."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from eventstore.queries import load
from eventstore.read import newest_data, newest_of, read_at
from notify.webhooks import ToSend
from runtime.database import Connection
from runtime.pay_pages import page_address
from schemas import streams
from schemas.decisions import PaymentAssessed, SuspenseHeld
from schemas.email_address import normalise_email
from schemas.facts import CatalogPublished, CustomerRegistered

_SQL = load("notify.sql", "notify")


class Recipient(NamedTuple):
    """Personal data: never logged."""

    address: str
    name: str | None


async def recipient_of(connection: Connection, sending: ToSend) -> Recipient | None:
    """The customer it is about as registered last; of money of nobody its payer. None when there is no address."""
    customer_id, payer = sending.customer_id, None
    if sending.kind.startswith(("payment.", "suspense.")):
        customer_id, payer = await _of_case(connection, sending)
    if customer_id is not None:
        stream = streams.customer(customer_id)
        registered = await newest_of(connection, stream, CustomerRegistered.TYPE)
        if isinstance(registered, CustomerRegistered) and registered.email is not None:
            return Recipient(registered.email, registered.name)
    return None if payer is None or normalise_email(payer) is None else Recipient(payer, None)


async def _of_case(connection: Connection, sending: ToSend) -> tuple[str | None, str | None]:
    """Customer and payer of the payment behind a notification, as we know them now."""
    customer_id, payer = sending.customer_id, None
    for event in await read_at(connection, [sending.position]):
        told = event.decoded()
        if isinstance(told, SuspenseHeld | PaymentAssessed):
            payer = told.payer_email
        newest = await newest_of(connection, event.stream, PaymentAssessed.TYPE)
        if isinstance(newest, PaymentAssessed):
            customer_id = customer_id or newest.customer_id
            payer = payer or newest.payer_email
    return customer_id, payer


async def page_of(connection: Connection, request_id: str | None, public: str | None) -> str | None:
    """Where a request of ours is paid: our page, where customers reach us, else its provider's. Looked up when the mail is sent: whoever has it may pay."""
    row = None if request_id is None else await connection.fetchrow(_SQL["page"], request_id)
    return None if row is None else page_address(public, row["page_secret"]) or row["payment_url"]


async def title_of(connection: Connection, product: str | None) -> str | None:
    """What a product of the catalogue is called; None when it has no other name than its id."""
    content = None if product is None else await newest_data(connection, CatalogPublished.TYPE)
    if content is None:
        return None
    products = orjson.loads(content).get("content", {}).get("products", [])
    return next((one.get("title") for one in products if one.get("id") == product), None)

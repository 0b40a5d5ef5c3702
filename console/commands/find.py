"""`lunas find`: paste anything."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import click

from console.exits import FINE, PROBLEMS
from console.held_words import reason_in_words
from console.language import current
from console.lazy import Command
from console.messages import text, value
from console.options import PROVIDERS, as_json, asynchronous
from console.output import print_data, print_json, print_table, rupiah, talk
from console.store import open_store
from console.target import load_target
from console.times import short_moment
from eventstore.queries import load
from eventstore.read import with_phone
from processor.fulfilment.catalog_source import read_catalog
from schemas.email_address import normalise_email
from schemas.errors import ConfigurationError
from schemas.request_facts import is_own_reference

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings
    from schemas.catalog import Product

SHORTEST_NEEDLE = 5  # characters; less is found everywhere
_PHONE = re.compile(r"(?:\+?62|0)[ -]?(8[\d -]{6,15})\Z")
_OWN_PLAN = re.compile(r"[0-9a-f]{32}\Z")
"""At the end of our id of a subscription, and of the reference that its provider repeats."""
_RUPIAH = re.compile(r"(?:rp\.?\s*)?(\d{1,3}(?:[.,]\d{3})+|\d{4,15})\Z", re.IGNORECASE)


@click.command(cls=Command)
@click.argument("anything", metavar="ANYTHING")
@as_json
@asynchronous
async def find(anything: str, as_json: bool) -> int:
    """Find payments, deliveries, dead letters, rejected requests, held money and customers by anything you have.

    An id of ours or of the provider's, an order number, an e-mail address, a phone number, a product, or an amount in rupiah.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        found = products(settings, anything.strip()) + await search(connection, anything.strip())
        if not found:
            found = await spoken_of(connection, anything.strip(), settings.find_bodies_max)
    if as_json:
        print_json({"items": found})
    elif found:
        headings = ("kind", "id", "provider", "status", "amount", "customer", "at_wib", "next")
        table = [
            (
                value(each["kind"]),
                each["id"],
                each["provider"],
                _status(each),
                rupiah(each.get("amount")),
                each.get("customer_id"),
                short_moment(each["at"]),
                each["command"],
            )
            for each in found
        ]
        print_table([text(f"column.{heading}") for heading in headings], table, right=(4,))
    else:
        print_data(text("find.nothing", what=anything))
        talk("lunas webhooks list --since 2h")
    return FINE if found else PROBLEMS


async def search(connection: Connection, what: str) -> list[dict[str, Any]]:
    """Everything known under `what`, each with the command that shows it."""
    sql = load("find.sql", "console")
    found: list[dict[str, Any]] = []

    async def look(kind: str, statement: str, *values: object) -> None:
        for row in await connection.fetch(sql[statement], *values):
            item = {"kind": kind, **dict(row)}
            found.append(item | {"command": _command(item)})

    identifier = as_uuid(what)
    if identifier is not None:
        await look("delivery", "deliveries", identifier)
        await look("dead letter", "letters", identifier)
        await look("rejected", "rejected", identifier)
        await look("audit", "acts", identifier)
    await look("payment", "payments", what, list(PROVIDERS))
    await look("refund", "refunds", what, list(PROVIDERS))
    if is_own_reference(what):
        await look("request", "requests", what)
    phone = as_phone(what)
    if phone is not None:
        for customer_id in await with_phone(connection, phone):
            await look("customer", "customers", customer_id, None)
    await look("dead letter", "alarms", what)
    await look("suspense", "suspense", what)
    mailbox = normalise_email(what)
    await look("customer", "customers", what, mailbox)
    if "@" in what:
        # As the provider wrote it, and as customers are matched.
        await look("payment", "payers", list({what.lower(), mailbox or what.lower()}))
    await look(
        "subscription",
        "subscriptions",
        [what, *(f"{provider}:subscription:{what}" for provider in PROVIDERS)],
    )
    own = _OWN_PLAN.search(what)
    if own is not None:
        await look("subscription", "asked_plans", f"sub_{own[0]}")
    await look("enrollment", "enrollments", what)
    await look("suspense", "products", what)
    amount = as_rupiah(what)
    if amount is not None:
        await look("payment", "amounts", amount)
    cases = list({case for each in found if (case := each.pop("case_key", None))})
    if cases:
        await look("suspense", "claimable", cases)
    return found


def products(settings: Settings, what: str) -> list[dict[str, Any]]:
    """Products of the catalogue that a provider knows by this id or name; by the catalogue's own id other things are found."""
    try:
        catalog = read_catalog(settings)
    except ConfigurationError:
        return []  # what is wrong with it is said by doctor
    return [
        {
            "kind": "product",
            "id": product.id,
            "provider": None,
            "status": product.kind,
            "at": None,
            "amount": product.price_idr,
            "command": f"lunas find {product.id}",
        }
        for product in catalog.products
        if what in names_of(product)
    ]


def names_of(product: Product) -> set[str]:
    """What providers call it."""
    known = (product.scalev, product.mayar, product.xendit)
    return {name for names in known if names is not None for _, several in names for name in several}


async def spoken_of(connection: Connection, what: str, newest: int) -> list[dict[str, Any]]:
    """Of the newest deliveries those whose body holds it: what no read model is about, such as a payer's phone number."""
    needle = as_phone(what) or what
    if len(needle) < SHORTEST_NEEDLE:
        return []
    rows = await connection.fetch(load("find.sql", "console")["bodies"], needle.encode(), newest)
    found = [{"kind": "delivery", **dict(row)} for row in rows]
    return [item | {"command": _command(item)} for item in found]


def as_phone(what: str) -> str | None:
    """The digits of a phone number without the country or the leading zero; other text is none."""
    match = _PHONE.match(what)
    return re.sub(r"\D", "", match[1]) if match else None


def _status(item: dict[str, Any]) -> str | None:
    if item.get("held"):
        held = item["held"] if current() == "en" else reason_in_words(item["held"])
        return f"{value(item['status'])} ({held})"
    return item["status"] and value(item["status"])


def as_uuid(what: str) -> uuid.UUID | None:
    """The UUID that `what` is, if it is one."""
    try:
        return uuid.UUID(what)
    except ValueError:
        return None


def as_rupiah(what: str) -> int | None:
    """`50000`, `Rp 50.000` and `50,000` are fifty thousand; other text is no amount."""
    match = _RUPIAH.match(what)
    return int(re.sub(r"[.,]", "", match[1])) if match else None


def _command(item: dict[str, Any]) -> str:
    if item["kind"] == "suspense" and item["status"] != "held":
        return f"lunas suspense list --all --provider {item['provider']}"
    return {
        "delivery": f"lunas webhooks show {item['id']}",
        "dead letter": f"lunas dlq show {item['id']}",
        "rejected": f"lunas quarantine show {item['id']}",
        "payment": f"lunas payments show {item['provider']} {item['id']}",
        "request": f"lunas payments show {item['provider']} {item['id']}",
        "suspense": f"lunas suspense claim {item['id']}",
        "customer": f"GET /v1/customers/{item['id']}/balance",
        "subscription": f"GET /v1/customers/{item.get('customer_id')}/subscriptions",
        "enrollment": f"GET /v1/customers/{item.get('customer_id')}/enrollments",
        "refund": f"lunas payments show {item['provider']} {item.get('target')}",
        "audit": f"lunas find {item.get('target')}",
    }[item["kind"]]

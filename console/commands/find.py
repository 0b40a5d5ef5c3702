"""`lunas find`: paste anything."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from console.exits import FINE, PROBLEMS
from console.held_words import reason_in_words
from console.language import current
from console.lazy import Command
from console.messages import text, value
from console.options import PROVIDERS, as_json, asynchronous
from console.output import print_data, print_json, talk
from console.sought_amount import sought_amount
from console.store import open_store
from console.tables import money, plain, print_rows, told, when, word
from console.target import load_target
from eventstore.queries import load
from eventstore.read import NEWEST, before, with_phone
from processor.fulfilment.catalog_source import read_catalog
from runtime.ids import utc_now
from schemas.email_address import normalise_email
from schemas.errors import ConfigurationError
from schemas.request_facts import is_own_reference

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings
    from schemas.catalog import Product

ANNOUNCED_BEFORE, TOLD_LATE = timedelta(days=31), timedelta(days=7)
"""How long before it was paid a payment is told of, and how long after, as a rule: there a day's payments are looked for first."""
EVER = (0, NEWEST)
SHORTEST_NEEDLE = 5  # characters; less is found everywhere
_PHONE = re.compile(r"(?:\+?62|0)[ -]?(8[\d -]{6,15})\Z")
_ACCOUNT = re.compile(r"[0-9]{6,30}")
_OWN_PLAN = re.compile(r"[0-9a-f]{32}\Z")
"""At the end of our id of a subscription, and of the reference that its provider repeats."""


@click.command(cls=Command)
@click.argument("words", metavar="ANYTHING", nargs=-1, required=True)
@as_json
@asynchronous
async def find(words: tuple[str, ...], as_json: bool) -> int:
    """Find payments, deliveries, dead letters, rejected requests, held money and customers by anything you have.

    An id of ours or of the provider's, an order number, an e-mail address, a phone number, a virtual account, a QR code or its reference, a licence, a product, or an amount in rupiah, alone or
    with a day: '75rb kemarin', 'Rp 50.000 29/11', '50000 2026-11-29' (WIB).
    """
    # Several words are one thing, with or without the shell's quotes.
    anything = " ".join(words)
    settings = load_target()
    async with open_store(settings) as connection:
        found = products(settings, anything.strip()) + await search(connection, anything.strip())
        if not found:
            found = await spoken_of(connection, anything.strip(), settings.find_bodies_max)
    # Of what has no amount or no customer it is said that there is none.
    found = [{"amount": None, "customer_id": None} | each for each in found]
    if as_json:
        print_json({"items": found})
    elif found:
        print_rows(found, FOUND)
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
            item |= {"command": _command(item)}
            found.extend([] if item in found else [item])

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
    account = as_account(what)
    if account is not None:
        await look("request", "requests_to_va", account)
        for request in [each["id"] for each in found if each["kind"] == "request"]:
            await look("payment", "payments", request, list(PROVIDERS))
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
    plans = [what, *(f"{provider}:subscription:{what}" for provider in PROVIDERS)]
    await look("subscription", "subscriptions", plans)
    own = _OWN_PLAN.search(what)
    if own is not None:
        await look("subscription", "asked_plans", f"sub_{own[0]}")
    await look("enrollment", "enrollments", what)
    await look("suspense", "products", what)
    await look("subscription", "licences", what)
    amount = sought_amount(what, utc_now())
    if amount is not None and amount.since is not None and amount.until is not None:
        for told in (await _told_about(connection, amount.since, amount.until), EVER):
            await look("payment", "amounts_on", amount.amount, amount.since, amount.until, *told)
            if found:
                break
    elif amount is not None:
        await look("payment", "amounts", amount.amount)
    # A subscription that is held is in no read model but this.
    cases = {*plans, *(case for each in found if (case := each.pop("case_key", None)))}
    await look("suspense", "claimable", list(cases))
    return found


async def _told_about(connection: Connection, since: datetime, until: datetime) -> tuple[int, int]:
    """Positions of the log between which a payment of that span was told of first: announced weeks before, or told days late."""
    return await before(connection, since - ANNOUNCED_BEFORE), await before(connection, until + TOLD_LATE)


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
    """Of the newest requests of ours those whose QR code holds it, and of the newest deliveries those whose body does: what no read model is
    about, such as a payer's phone number."""
    needle, sql = as_phone(what) or what, load("find.sql", "console")
    if len(needle) < SHORTEST_NEEDLE:
        return []
    asked = await connection.fetch(sql["requests_by_qr"], needle, newest)
    rows = await connection.fetch(sql["bodies"], needle.encode(), newest)
    found: list[dict[str, Any]] = [{"kind": "request", **dict(row)} for row in asked]
    found += [{"kind": "delivery", **dict(row)} for row in rows]
    return [item | {"command": _command(item)} for item in found]


def as_phone(what: str) -> str | None:
    """The digits of a phone number without the country or the leading zero; other text is none."""
    match = _PHONE.match(what)
    return re.sub(r"\D", "", match[1]) if match else None


def as_account(what: str) -> str | None:
    """The digits of a virtual account's number, however they are set apart; other text is none."""
    digits = re.sub(r"[ .-]", "", what)
    return digits if _ACCOUNT.fullmatch(digits) else None


def _status(item: Mapping[str, Any]) -> str | None:
    if item.get("held"):
        held = item["held"] if current() == "en" else reason_in_words(item["held"])
        return f"{value(item['status'])} ({held})"
    return item["status"] and value(item["status"])


FOUND = (
    word("kind"),
    plain("id"),
    plain("provider"),
    told("status", _status),
    money("amount"),
    plain("customer_id"),
    when("at"),
    plain("command"),
)


def as_uuid(what: str) -> uuid.UUID | None:
    """The UUID that `what` is, if it is one."""
    try:
        return uuid.UUID(what)
    except ValueError:
        return None


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
        "customer": f"lunas explain balance {item['id']}",
        "subscription": f"lunas explain access {item.get('customer_id')}",
        "enrollment": f"lunas explain access {item.get('customer_id')}",
        "refund": f"lunas payments show {item['provider']} {item.get('target')}",
        "audit": f"lunas audit show {item['id']}",
    }[item["kind"]]

"""`lunas find`: paste anything."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import click

from console.exits import FINE, PROBLEMS
from console.lazy import Command
from console.messages import text
from console.options import PROVIDERS, as_json, asynchronous
from console.output import print_data, print_json, print_table, rupiah, talk
from console.store import open_store
from console.target import load_target
from console.times import short_moment
from eventstore.queries import load
from schemas.email_address import normalise_email

if TYPE_CHECKING:
    from runtime.database import Connection

_RUPIAH = re.compile(r"(?:rp\.?\s*)?(\d{1,3}(?:[.,]\d{3})+|\d{4,15})\Z", re.IGNORECASE)


@click.command(cls=Command)
@click.argument("anything", metavar="ANYTHING")
@as_json
@asynchronous
async def find(anything: str, as_json: bool) -> int:
    """Find payments, deliveries, dead letters, rejected requests, held money and customers by anything you have.

    An id of ours or of the provider's, an order number, an e-mail address, or an amount in rupiah.
    """
    async with open_store(load_target()) as connection:
        found = await search(connection, anything.strip())
    if as_json:
        print_json({"items": found})
    elif found:
        headings = ("kind", "id", "provider", "status", "amount", "customer", "at_wib", "next")
        table = [
            (
                each["kind"],
                each["id"],
                each["provider"],
                f"{each['status']} ({each['held']})" if each.get("held") else each["status"],
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
    await look("enrollment", "enrollments", what)
    amount = as_rupiah(what)
    if amount is not None:
        await look("payment", "amounts", amount)
    return found


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
        "suspense": f"lunas suspense claim {item['id']}",
        "customer": f"GET /v1/customers/{item['id']}/balance",
        "subscription": f"GET /v1/customers/{item.get('customer_id')}/subscriptions",
        "enrollment": f"GET /v1/customers/{item.get('customer_id')}/enrollments",
        "audit": f"lunas find {item.get('target')}",
    }[item["kind"]]

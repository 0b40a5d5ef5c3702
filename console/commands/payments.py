"""`lunas payments`: one payment, and everything that happened to it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from console.acts import Done, tell
from console.exits import FINE, NotFound
from console.lazy import Group
from console.messages import text, value
from console.options import PROVIDERS, as_json, asynchronous, reason, yes
from console.output import number, paint, print_data, print_json, rupiah
from console.refunding import ask_refund
from console.safety import confirm as ask
from console.store import open_store
from console.target import load_target
from console.timeline import Entry, find_payments, timeline
from console.times import moment

_COLOURS = {"delivery": "cyan", "fact": None, "decision": "green", "act": "yellow"}
_SHOWN = (
    "status",
    "customer_id",
    "method",
    "channel",
    "payment_type",
    "reference_id",
    "held",
    "failure_code",
    "paid_at",
)


@click.group(cls=Group)
def payments() -> None:
    """One payment: what it is now, and its timeline."""


@payments.command("show")
@click.argument("provider", type=click.Choice(PROVIDERS), metavar="PROVIDER")
@click.argument("payment", metavar="ID")
@click.option(
    "--raw", is_flag=True, help="The exact bodies of its deliveries too; they may hold personal data."
)
@as_json
@asynchronous
async def show(provider: str, payment: str, raw: bool, as_json: bool) -> int:
    """Show one payment and its timeline: deliveries with their duplicates, facts, decisions, operators' acts.

    ID is any id the provider knows it by (payment, payment request, order, transaction), or our reference.
    """
    async with open_store(load_target()) as connection:
        found = await find_payments(connection, provider, payment)
        if not found:
            raise NotFound(text("payment.unknown", provider=provider, id=payment))
        histories = {
            key: await timeline(connection, key, bodies=raw)
            for key in dict.fromkeys(each["case_key"] for each in found)
        }
    if as_json:
        items = [
            each | {"timeline": [_document(entry) for entry in histories[each["case_key"]]]} for each in found
        ]
        print_json({"items": items})
        return FINE
    for each in found:
        _print_payment(each)
    for entries in histories.values():
        print_data()
        print_data(text("payment.timeline"))
        for entry in entries:
            _print_entry(entry)
    return FINE


@payments.command("refund")
@click.argument("provider", type=click.Choice(PROVIDERS), metavar="PROVIDER")
@click.argument("payment", metavar="ID")
@click.option(
    "--amount", type=click.IntRange(min=1), help="Whole rupiah; without it everything that is left."
)
@reason
@yes
@as_json
@asynchronous
async def refund(
    provider: str, payment: str, amount: int | None, reason: str, yes: bool, as_json: bool
) -> int:
    """Give a payment back, or a part of it. What is to go back is reserved now; a running API asks the provider within seconds."""
    undo = text("payment.refund_undo")
    async with open_store(load_target()) as connection:
        ask(text("payment.refund_question", provider=provider, id=payment), yes=yes)
        made, act_id = await ask_refund(connection, provider, payment, amount, reason, undo)
    done = text("payment.refund_reserved", id=made.refund_id)
    tell([Done(done, act_id, undo)], as_json=as_json)
    return FINE


def _document(entry: Entry) -> dict[str, Any]:
    document = asdict(entry)
    if "body" in document["detail"]:
        document["detail"] = dict(document["detail"]) | {
            "body": base64.b64encode(entry.detail["body"]).decode()
        }
    return document


def _print_payment(payment: Mapping[str, Any]) -> None:
    amount = rupiah(payment["amount"])
    if payment["refunded_amount"]:
        amount += text("payment.refunded", amount=rupiah(payment["refunded_amount"]))
    print_data(f"{payment['provider']}  {payment['payment_id']}  {amount}")
    for name in _SHOWN:
        each = payment[name]
        if each is not None:
            shown = moment(each) if name == "paid_at" else value(each) if name == "status" else each
            print_data(f"  {name:<13} {shown}")


def _print_entry(entry: Entry) -> None:
    position = "" if entry.position is None else f"#{number(entry.position)}"
    kind = paint(f"{text(f'payment.{entry.kind}'):<10}", _COLOURS[entry.kind])
    print_data(f"  {moment(entry.at)}  {kind} {entry.what:<26} {position:>8}  {describe(entry)}".rstrip())
    if "body" in entry.detail:
        print_data(bytes(entry.detail["body"]).decode("utf-8", "backslashreplace"))


def describe(entry: Entry) -> str:
    """What a line says beyond its name, in a few words."""
    detail = entry.detail
    if entry.kind == "delivery":
        reason = f" ({detail['reason']})" if detail["reason"] else ""
        return f"{value(detail['status'])}{reason}, {number(detail['processing_ms'])} ms, {entry.id}"
    if entry.kind == "act":
        return f"{detail['actor']}: {detail['reason']}"
    if entry.what == "provider.called":
        return _call(detail)
    words = [
        value(str(detail.get("status") or "")),
        rupiah(amount) if isinstance(amount := detail.get("amount_idr", detail.get("amount")), int) else None,
        detail.get("course") or detail.get("product") or detail.get("plan"),
        detail.get("tier"),
        detail.get("reason"),
        value(str(detail.get("resolution") or "")),
        f"→ {detail['customer_id']}" if detail.get("customer_id") and entry.kind == "decision" else None,
    ]
    return " ".join(str(word) for word in words if isinstance(word, str) and word)


def _call(detail: Mapping[str, Any]) -> str:
    """What we asked a provider, and what became of it."""
    status = f" {detail['status']}" if detail.get("status") else ""
    code = f" ({detail['code']})" if detail.get("code") else ""
    return f"{detail['operation']}: {value(detail['outcome'])}{status}{code}, {number(detail.get('milliseconds', 0))} ms"

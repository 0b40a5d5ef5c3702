"""`lunas payments`: one payment, and everything that happened to it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from console.acts import tell
from console.agreeing import act, of_payment
from console.attesting import missing_of
from console.choices import Among
from console.exits import FINE, NotFound
from console.lazy import Group
from console.messages import text, value
from console.options import PROVIDERS, as_json, asynchronous, reason, yes
from console.output import number, paint, print_data, print_json, rupiah
from console.refunding import unrecord_refund
from console.safety import confirm as ask
from console.store import open_store
from console.target import load_target
from console.timeline import Entry, find_payments, timeline, trace_address
from console.timeline_words import describe, grounds
from console.times import moment

if TYPE_CHECKING:
    from runtime.settings import Settings

_COLOURS = {
    "delivery": "cyan",
    "letter": "red",
    "fact": None,
    "decision": "green",
    "notification": "blue",
    "act": "yellow",
}
_SHOWN = (
    "status",
    "customer_id",
    "method",
    "channel",
    "payment_type",
    "reference_id",
    "attestation",
    "held",
    "failure_code",
    "paid_at",
)

_WORDS = ("status", "attestation")


@click.group(cls=Group)
def payments() -> None:
    """One payment: what it is now, and its timeline."""


@payments.command("show")
@click.argument("provider", type=Among(PROVIDERS), metavar="PROVIDER")
@click.argument("payment", metavar="ID")
@click.option(
    "--raw", is_flag=True, help="The exact bodies of its deliveries too; they may hold personal data."
)
@as_json
@asynchronous
async def show(provider: str, payment: str, raw: bool, as_json: bool) -> int:
    """Show one payment and everything that happened to it: deliveries and their way here, decisions and their grounds, who was told.

    ID is any id the provider knows it by (payment, payment request, order, transaction), or our reference.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        found = await find_payments(connection, provider, payment)
        if not found:
            raise NotFound(text("payment.unknown", provider=provider, id=payment))
        missing = await missing_of(connection, settings, found)
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
        for sentence in missing[each["record"]]:
            print_data(f"  {sentence}")
    for entries in histories.values():
        print_data()
        print_data(text("payment.timeline"))
        for entry in entries:
            _print_entry(entry)
        _print_traces(settings, entries)
    return FINE


@payments.command("refund")
@click.argument("provider", type=Among(PROVIDERS), metavar="PROVIDER")
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
    """Give a payment back, or a part of it. What is to go back is reserved now; a running API asks the provider within seconds.

    Once an approver is named, above LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        ask(text("payment.refund_question", provider=provider, id=payment), yes=yes)
        made = await act(
            connection, settings, await of_payment(connection, provider, payment, amount), reason
        )
    tell([made.done], as_json=as_json)
    return FINE


@payments.command("refunded")
@click.argument("provider", type=Among(PROVIDERS), metavar="PROVIDER")
@click.argument("payment", metavar="ID")
@click.option(
    "--amount", type=click.IntRange(min=1), help="Whole rupiah; without it everything that is left."
)
@click.option("--refund-id", help="The provider's id of the refund, where it gives one.")
@reason
@yes
@as_json
@asynchronous
async def refunded(
    provider: str,
    payment: str,
    amount: int | None,
    refund_id: str | None,
    reason: str,
    yes: bool,
    as_json: bool,
) -> int:
    """Record that a payment was refunded at the provider's dashboard, which nobody told us: it counts like a refund of ours, once.

    Mayar and Scalev tell no refunds, and Mayar names none: two of the same amount need an id each. Once an approver is named, above
    LUNAS_CORRECTION_APPROVAL_IDR it waits until another person says `lunas approve`.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        ask(text("payment.refunded_question", provider=provider, id=payment), yes=yes)
        wish = await of_payment(
            connection, provider, payment, amount, "payments.refunded", refund_id=refund_id
        )
        made = await act(connection, settings, wish, reason)
    tell([made.done], as_json=as_json)
    return FINE


@payments.command("unrefunded")
@click.argument("provider", type=Among(PROVIDERS), metavar="PROVIDER")
@click.argument("refund_id", metavar="ID")
@reason
@yes
@as_json
@asynchronous
async def unrefunded(provider: str, refund_id: str, reason: str, yes: bool, as_json: bool) -> int:
    """Take back that a refund was recorded by `refunded`: what it took is granted again. ID is the refund's."""
    async with open_store(load_target()) as connection:
        ask(text("payment.unrefunded_question", id=refund_id), yes=yes)
        done = await unrecord_refund(connection, provider, refund_id, reason)
    tell([done], as_json=as_json)
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
            shown = moment(each) if name == "paid_at" else value(each) if name in _WORDS else each
            print_data(f"  {name:<13} {shown}")


def _print_entry(entry: Entry) -> None:
    position = "" if entry.position is None else f"#{number(entry.position)}"
    kind = paint(f"{text(f'payment.{entry.kind}'):<12}", _COLOURS[entry.kind])
    print_data(f"  {moment(entry.at)}  {kind} {entry.what:<26} {position:>8}  {describe(entry)}".rstrip())
    if because := "; ".join(grounds(entry)):
        print_data(f"      {because}")
    if "body" in entry.detail:
        print_data(bytes(entry.detail["body"]).decode("utf-8", "backslashreplace"))


def _print_traces(settings: Settings, entries: Sequence[Entry]) -> None:
    """Where the way it took was recorded, oldest first."""
    found = dict.fromkeys(entry.trace_id for entry in entries if entry.trace_id is not None)
    if found:
        print_data()
        print_data(text("payment.traces"))
        for trace in found:
            print_data(f"  {trace_address(settings, trace) or trace}")

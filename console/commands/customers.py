"""`lunas customers export|erase|rekey`: what is held about a person, forgetting them, and the key that they are sealed by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from console.acts import Act, Done, record, tell
from console.archives.running import readable, write_due
from console.exits import FINE
from console.handed_out import hand_out
from console.lazy import Group
from console.messages import text
from console.options import as_json, asynchronous, reason, yes
from console.output import as_json_text, number, print_data, print_json, talk
from console.persons.erasing import Erasure, counts, erase
from console.persons.exporting import export
from console.persons.holding import held_about
from console.persons.rekeying import exchange, to_exchange
from console.safety import confirm
from console.store import open_store
from console.target import load_target
from console.times import moment
from eventstore.keyring import check_key

LISTS = (
    "payments", "subscriptions", "enrollments", "held_money", "requests", "subscription_requests", "events", "webhooks",
    "notifications", "operator_acts", "erasures",
)  # fmt: skip

customer = click.argument("customer", metavar="CUSTOMER")


@click.group(cls=Group)
def customers() -> None:
    """Persons behind customers: give them all that is held about them, forget them, exchange the key that they are sealed by."""


@customers.command("export")
@customer
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Where to write the JSON document; what is in it is told in numbers then.",
)
@as_json
@asynchronous
async def export_command(customer: str, output: Path | None, as_json: bool) -> int:
    """Give everything that is held about a person: facts, decisions, webhooks byte for byte, notifications, acts of operators.

    As a text to read, with --json or --output as one JSON document. It is kept in the audit record that it was asked for.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        await check_key(connection)
        with readable():
            document = await export(connection, customer, settings.body_archive_dir)
        act = Act("customers.export", customer, text("export.reason"), text("export.undo"))
        await record(connection, act)
    if output is not None:
        hand_out(output, f"{as_json_text(document)}\n".encode())
        talk(text("export.written", file=output, counts=_counted(document)))
    elif as_json:
        print_json(document)
    else:
        _print(document)
    return FINE


@customers.command("erase")
@customer
@reason
@yes
@as_json
@asynchronous
async def erase_command(customer: str, reason: str, yes: bool, as_json: bool) -> int:
    """Forget a person: destroy the keys of their addresses, name and phone number, and empty their webhooks. Balances and books stay.

    Two persons say it, each with this command: the first one asks, the second one agrees, and then it is done and cannot be taken back. The
    certificate says what was destroyed and what remains; docs/personal-data.md says what else holds copies, and for how long.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        await check_key(connection)
        person = await held_about(connection, customer)
        told = {name: number(count) for name, count in counts(person).items()}
        confirm(text("erase.question", customer=customer, **told), yes=yes)
        done = await erase(connection, customer, reason, settings.body_archive_dir)
        anew = (done.certificate or {}).get("archives_to_be_written_anew")
        if anew:
            await write_due(connection, settings, reason)
    if done.certificate is None:
        said = text("erase.asked", customer=customer, id=done.erasure_id)
        tell([Done(said, done.act_id, text("erase.asked_undo"))], as_json=as_json)
    else:
        _certificate(done, as_json=as_json)
    return FINE


@customers.command("rekey")
@reason
@yes
@as_json
@asynchronous
async def rekey_command(reason: str, yes: bool, as_json: bool) -> int:
    """Exchange the key that personal data is sealed by. Nothing that is readable is lost, and everything goes on meanwhile.

    First every process gets both: LUNAS_PERSONAL_DATA_KEY the new one, LUNAS_PERSONAL_DATA_KEY_BEFORE the present one; a process that was not started
    again with them is refused from then on. Stopped half-way, the same command goes on. `lunas doctor` says when the key of before may go.
    """
    settings = load_target()
    async with open_store(settings) as connection:
        state = await to_exchange(connection)
        asked = "rekey.question" if state.where == "to_begin" else "rekey.go_on"
        confirm(text(asked, keys=number(state.left)), yes=yes)
        done = await exchange(connection, reason, settings.personal_data_rekey_batch)
    said = text("rekey.done", keys=number(done.keys))
    tell([Done(said, done.act_id, text("rekey.undo"))], as_json=as_json)
    return FINE


def _certificate(done: Erasure, *, as_json: bool) -> None:
    if as_json:
        print_json(done.certificate)
        return
    said: dict[str, Any] = done.certificate or {}
    print_data(text("erase.done", customer=said["customer_id"], keys=number(said["keys_destroyed"])))
    for name, each in said.items():
        print_data(f"  {name:<30}  {', '.join(map(str, each)) if isinstance(each, tuple | list) else each}")
    if not said["complete"]:
        print_data(text("erase.incomplete"))
    talk(text("act.recorded", act_id=done.act_id))


def _counted(document: dict[str, Any]) -> str:
    return ", ".join(f"{name} {number(len(document[name]))}" for name in LISTS)


def _print(document: dict[str, Any]) -> None:
    print_data(text("export.heading", customer=document["customer_id"], moment=moment(document["made_at"])))
    for part in ("customer", "balances"):
        for name, value in (document[part] or {}).items():
            if value is not None:
                print_data(f"  {name:<24}  {value}")
    for part in LISTS:
        print_data(f"\n{part} ({number(len(document[part]))})")
        for row in document[part]:
            shown = (f"{name}: {value}" for name, value in row.items() if value not in (None, "", [], {}))
            print_data("  - " + "; ".join(shown))

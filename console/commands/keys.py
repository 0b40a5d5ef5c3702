"""`lunas keys`: keys of our applications, each with what it may do."""

from __future__ import annotations

import re

import click

from api.keys import SCOPES, new_key
from api.permits import OF_NOBODY
from console.acts import Act, already, record
from console.choices import Among
from console.exits import FINE, WrongUse
from console.lazy import Group
from console.messages import text
from console.options import actor, as_json, asynchronous, limit, never_asked, yes
from console.output import print_data, print_json
from console.safety import confirm
from console.store import open_store
from console.tables import listed, plain, print_rows, when
from console.target import load_target
from eventstore.queries import load
from schemas.api import CUSTOMER_ID_PATTERN

MOST_PER_SECOND = 100_000


@click.group(cls=Group)
def keys() -> None:
    """Keys of applications beside LUNAS_API_KEY, which may do everything: each for what it is needed for. Only their hashes are kept."""


@keys.command("create")
@click.option(
    "--scope",
    "scopes",
    type=Among(SCOPES),
    multiple=True,
    required=True,
    help="What it may do; several are given one by one.",
)
@click.option("--customer", help="Only calls about this customer.")
@click.option(
    "--rate",
    type=click.IntRange(1, MOST_PER_SECOND),
    help="Calls per second it may make at most, and as many at once.",
)
@click.option("--reason", default="", help="Why, in your own words; kept in the audit record.")
@never_asked
@as_json
@asynchronous
async def create(
    scopes: tuple[str, ...], customer: str | None, rate: int | None, reason: str, as_json: bool
) -> int:
    """Make a key and show it, this once: nobody can read it again."""
    if customer is not None and not re.fullmatch(CUSTOMER_ID_PATTERN, customer):
        raise WrongUse(text("keys.no_customer_id"))
    closed = sorted(OF_NOBODY.intersection(scopes)) if customer is not None else []
    if closed:
        raise WrongUse(text("keys.of_nobody", scopes=", ".join(closed)))
    key_id, key, digest = new_key()
    wanted = sorted(set(scopes))
    undo = f"lunas keys revoke {key_id}"
    after = {"scopes": wanted, "customer_id": customer, "rate_per_second": rate}
    async with open_store(load_target()) as connection, connection.transaction():
        await connection.execute(
            load("keys.sql", "console")["add"], key_id, digest, wanted, customer, rate, actor()
        )
        act_id = await record(connection, Act("keys.create", key_id, reason, undo, after=after))
    if as_json:
        print_json({"key_id": key_id, "key": key, **after, "act_id": act_id, "undo": undo})
        return FINE
    print_data(key)
    print_data(text("keys.created", key_id=key_id, scopes=", ".join(wanted)))
    print_data(text("act.recorded", act_id=act_id))
    print_data(text("act.undo", undo=undo))
    return FINE


KEYS = (
    plain("key_id"), listed("scopes"), plain("customer_id"), plain("rate_per_second", right=True), when("created_at"),
    when("last_used_at"), when("revoked_at"),
)  # fmt: skip


@keys.command("list")
@limit
@as_json
@asynchronous
async def list_keys(limit: int, as_json: bool) -> int:
    """List keys, newest first: what each may do, and when it was used last."""
    async with open_store(load_target()) as connection:
        rows = [dict(row) for row in await connection.fetch(load("keys.sql", "console")["list"], limit)]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("keys.none"))
        return FINE
    print_rows(rows, KEYS)
    return FINE


@keys.command("revoke")
@click.argument("key_id")
@click.option("--reason", default="", help="Why, in your own words; kept in the audit record.")
@yes
@as_json
@asynchronous
async def revoke(key_id: str, reason: str, yes: bool, as_json: bool) -> int:
    """Let a key open nothing any more; within two seconds, in every process."""
    async with open_store(load_target()) as connection:
        confirm(text("keys.revoke_question", key_id=key_id), yes=yes, harmless=True)
        undo = text("keys.no_undo")
        async with connection.transaction():
            row = await connection.fetchrow(load("keys.sql", "console")["revoke"], key_id)
            if row is None:
                raise await already(
                    connection, "keys.revoke", key_id, WrongUse(text("keys.unknown", key_id=key_id))
                )
            act_id = await record(connection, Act("keys.revoke", key_id, reason, undo, after=dict(row)))
    if as_json:
        print_json({"key_id": key_id, "revoked_at": row["revoked_at"], "act_id": act_id, "undo": undo})
        return FINE
    print_data(text("keys.revoked", key_id=key_id))
    print_data(text("act.recorded", act_id=act_id))
    print_data(text("act.undo", undo=undo))
    return FINE

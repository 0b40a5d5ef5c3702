"""`lunas scalev`: what the catalogue knows of the store, after a new key or a new store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from api.checkout.clients import clients_of
from console.acts import Act, Done, record, tell
from console.catalogue_file import exchange, read_file
from console.checks.accounts import fault_in_words
from console.exits import FINE, PROBLEMS, CommandError, Refused, WrongUse
from console.lazy import Group
from console.messages import text
from console.options import as_json, asynchronous, yes
from console.output import print_data, print_json, rupiah, talk
from console.resync import Proposal, misplaced, proposals, with_new_ids
from console.safety import confirm
from console.store import open_store
from console.tables import money, plain, print_rows, told
from console.target import load_target
from providers.accounts import examined
from providers.outgoing import CallFailed
from providers.scalev.shelf import ScalevShelf, StoreGood
from runtime.ids import uuid7
from runtime.settings import Settings
from runtime.settings.model import variable_name
from schemas.catalog import Catalog, fill_names, parse_catalog
from schemas.errors import CatalogError


@click.group(cls=Group)
def scalev() -> None:
    """The Scalev store behind the catalogue."""


@scalev.command("resync")
@click.option("--apply", "apply", is_flag=True, help="Write what is sure into the catalogue file.")
@click.option(
    "--map",
    "pairs",
    metavar="OLD=NEW",
    multiple=True,
    help="Decide by hand what an id becomes; several are given one by one.",
)
@click.option("--reason", default="", help="Why, in your own words; kept in the audit record.")
@yes
@as_json
@asynchronous
async def resync(apply: bool, pairs: tuple[str, ...], reason: str, yes: bool, as_json: bool) -> int:
    """Find ids of another store in the catalogue, and what they are in this one, by name and price.

    Without --apply it changes nothing. Exit code 1 while an id is unknown to the store.
    """
    settings = load_target()
    path = settings.catalog
    if apply and not reason.strip():
        raise WrongUse(text("resync.no_reason"))
    before, by_hand = _read(path), _by_hand(pairs)
    named = _parsed(before, path)
    elsewhere = _in_environment(settings, named)
    goods = await _goods(settings)
    found = proposals(_filled(settings, named), goods, by_hand)
    if strange := misplaced(found, goods, by_hand):
        raise WrongUse(text("resync.misplaced", ids=", ".join(strange)))
    stale = [one for one in found if one.stale]
    sure = [one for one in stale if one.new is not None and one.old not in elsewhere]
    left = [one for one in stale if one not in sure]
    if not apply or not sure:
        _show(found, elsewhere, as_json=as_json)
        if sure and not as_json:
            talk(text("resync.apply", count=len(sure)))
        return PROBLEMS if stale else FINE
    if not as_json:
        _show(found, elsewhere, as_json=False)
    after = with_new_ids(before, sure)
    _parsed(after, path)
    confirm(text("resync.question", count=len(sure), path=path), yes=yes)
    done = await _apply(settings, path, after, sure, reason)
    tell([done], as_json=as_json)
    return PROBLEMS if left else FINE


async def _apply(settings: Settings, path: Path, after: str, sure: list[Proposal], reason: str) -> Done:
    """The record and the file together: without the one there is not the other."""
    kept = path.with_name(f"{path.name}.before-{uuid7()}")
    undo = f"cp {kept} {path}"
    changed = {one.old: one.new for one in sure}
    async with open_store(settings) as connection, connection.transaction():
        act = Act(
            "scalev.resync", str(path), reason, undo, before={"ids": list(changed)}, after={"ids": changed}
        )
        act_id = await record(connection, act)
        exchange(path, after, kept)
    return Done(text("resync.done", count=len(sure), path=path), act_id, undo, text("resync.restart"))


async def _goods(settings: Settings) -> list[StoreGood]:
    """Raises CommandError with what to do when the store does not let us look."""
    clients = clients_of(settings)
    shelf = clients.accounts.get("scalev")
    try:
        if not isinstance(shelf, ScalevShelf):
            raise CommandError(text("resync.no_key"))
        # Whatever keeps us from looking is said as doctor says it.
        faults = await examined(shelf, frozenset(), settings.account_check_seconds)
        if faults:
            raise CommandError(" → ".join(fault_in_words("scalev", faults[0], settings)))
        return await shelf.goods(await shelf.store())
    except CallFailed as failed:
        raise CommandError(text("resync.failed", code=failed.code)) from None
    finally:
        await clients.close()
        for client in clients.payments.values():
            await client.close()


def _in_environment(settings: Settings, named: Catalog) -> dict[str, str]:
    """Ids that stand in variables of the environment and not in the file: id → variable."""
    written = {one.old for one in proposals(named, ())}
    fields = ("scalev_variant_unique_id", "scalev_bundle_price_option_unique_id")
    said = {getattr(settings, field): variable_name(field) for field in fields}
    return {old: variable for old, variable in said.items() if old and old not in written}


def _filled(settings: Settings, named: Catalog) -> Catalog:
    """The catalogue as the processes have it."""
    return fill_names(
        named,
        variant=settings.scalev_variant_unique_id,
        bundle=settings.scalev_bundle_price_option_unique_id,
        mayar_product=settings.mayar_product_id,
    )


def _by_hand(pairs: tuple[str, ...]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    if any(not (old.strip() and mark and new.strip()) for old, mark, new in split):
        raise WrongUse(text("resync.no_pair"))
    return {old.strip(): new.strip() for old, _, new in split}


def _read(path: Path) -> str:
    try:
        return read_file(path)
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(text("resync.unreadable", path=path, reason=type(error).__name__)) from None


def _parsed(content: str, path: Path) -> Catalog:
    try:
        return parse_catalog(content, str(path))
    except CatalogError as error:
        raise CommandError(str(error)) from None


def _show(found: list[Proposal], elsewhere: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json({"items": [_document(one) | {"setting": elsewhere.get(one.old)} for one in found]})
        return
    if not found:
        print_data(text("resync.none"))
        return
    print_rows([_document(one) for one in found], PROPOSALS)
    for one in found:
        if one.stale and one.old in elsewhere:
            talk(text("resync.environment", variable=elsewhere[one.old], new=one.new or "…"))


def _in_store(one: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{good['name']} {rupiah(good['price_idr'])} {good['id']}" for good in one["candidates"][:3]
    )


PROPOSALS = (
    plain("product"),
    money("price_idr"),
    plain("old"),
    told("new", lambda one: one["old"] if one["found_by"] == "in_store" else one["new"]),
    told("candidates", _in_store),
    told("found_by", lambda one: text(f"resync.how.{one['found_by']}")),
)


def _document(one: Proposal) -> dict[str, Any]:
    return {
        "product": one.product,
        "kind": one.kind,
        "price_idr": one.price,
        "old": one.old,
        "new": one.new,
        "found_by": one.how,
        "candidates": [
            {"id": good.unique_id, "name": good.name, "price_idr": good.price} for good in one.candidates
        ],
    }

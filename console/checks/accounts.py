"""What providers say of our accounts when they are asked: key, store, ids of what we sell; and what orders need before one is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from api.checkout.accounts import ids_of, sold_at
from api.checkout.clients import clients_of, least_orders
from console.checks.finding import Finding, note, ok, problem
from console.messages import text
from console.output import number
from eventstore.queries import load
from processor.fulfilment.catalog_source import read_catalog
from providers.accounts import AccountFault, examined
from providers.registry import PROVIDERS
from runtime.settings.model import CALL_KEYS, variable_name
from schemas.catalog import Catalog
from schemas.errors import LunasError

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings

OF_ORDERS = frozenset({"store_mismatch", "store_unnamed", "ids_unknown"})
"""What keeps only orders from being made."""


async def check_accounts(settings: Settings, provider: str | None) -> list[Finding]:
    """Every provider whose key for calls is set is asked, all at once; then what orders need."""
    catalog = _catalog(settings)
    clients = clients_of(settings)
    names = [name for name in clients.accounts if provider in (None, name)]
    try:
        seen = await asyncio.gather(
            *(
                examined(clients.accounts[name], sold_at(catalog, name), settings.account_check_seconds)
                for name in names
            )
        )
    finally:
        for client in clients.payments.values():
            await client.close()
        await clients.close()
    found = [
        finding
        for name, faults in zip(names, seen, strict=True)
        for finding in _account(settings, name, faults)
    ]
    chosen = settings.payment_provider
    if chosen is not None and provider in (None, chosen):
        found += _orders(settings, catalog, chosen, callable_now=chosen in clients.payments)
    return found


def fault_in_words(name: str, fault: AccountFault, settings: Settings) -> tuple[str, str]:
    """What is wrong, and what to do."""
    key = variable_name(CALL_KEYS[name])
    account = PROVIDERS[name].account_setting
    told = {
        "name": name,
        "what": fault.what,
        "variable": key,
        "account": variable_name(account) if account else "?",
    }
    fix = text(f"account.{fault.code}.fix", **told)
    if settings.env == "development" and settings.payment_provider == name:
        fix = f"{fix}; {text('account.development.fix')}"
    return text(f"account.{fault.code}", **told), fix


async def check_news(connection: Connection, settings: Settings, provider: str) -> AsyncIterator[Finding]:
    """A provider that tells of every order it makes has told of none since some were made: its webhooks do not reach us."""
    if not PROVIDERS[provider].traits.orders_carry_payments:
        return
    sql = load("doctor.sql", "console")
    newest = await connection.fetchval(sql["newest"], provider)
    orders = await connection.fetchval(sql["untold_orders"], provider, newest)
    if orders:
        told = {
            "name": provider,
            "count": number(orders),
            "secret": variable_name(f"{provider}_webhook_secret"),
        }
        yield problem("news", text("account.no_news", **told), text("account.no_news.fix", **told))


def _account(settings: Settings, name: str, faults: list[AccountFault]) -> Iterator[Finding]:
    check = f"account.{name}"
    if not faults:
        yield ok(check, text("account.ok", name=name))
    for fault in faults:
        detail, fix = fault_in_words(name, fault, settings)
        unused = settings.payment_provider != name
        weak = unused and (fault.code in OF_ORDERS or settings.env == "development")
        yield note(check, detail, fix) if weak else problem(check, detail, fix)


def _orders(
    settings: Settings, catalog: Catalog | None, name: str, *, callable_now: bool
) -> Iterator[Finding]:
    """Whether everything with a price can be ordered at the provider that new orders use."""
    traits = PROVIDERS[name].traits
    if traits.paid_by_hand:
        if not settings.manual_payment_url:
            yield note("orders", text("account.no_manual_page"), text("account.no_manual_page.fix"))
        return
    if not callable_now:
        key = variable_name(CALL_KEYS[name])
        yield problem("orders", text("account.no_key", name=name), text("account.no_key.fix", variable=key))
    if catalog is None:
        return
    least = least_orders(settings).get(name, 0)
    cheap = [one.id for one in catalog.products if one.price_idr and one.price_idr < least]
    if cheap:
        told = {"products": ", ".join(cheap), "least": number(least), "name": name}
        yield note("orders", text("account.below_minimum", **told), text("account.below_minimum.fix", **told))
    nameless = [
        one.id
        for one in catalog.products
        if one.price_idr and traits.sells_store_products and not ids_of(one, name)
    ]
    if nameless:
        told = {"products": ", ".join(nameless), "name": name}
        yield note("orders", text("account.unmapped", **told), text("account.unmapped.fix", **told))


def _catalog(settings: Settings) -> Catalog | None:
    try:
        return read_catalog(settings)
    except LunasError:
        return None  # told with the settings

"""Why money is not granted yet, in sentences: what is known of it, what must be, and what its provider said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from console.messages import text, value
from console.output import number, rupiah
from console.times import moment
from eventstore.queries import load
from processor.fulfilment.catalog_source import read_catalog
from processor.policies.attesting import AWAITED
from providers.registry import traits_of
from schemas.attestation import Attestation
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.database import Connection
    from runtime.settings import Settings


async def what_is_missing(connection: Connection, settings: Settings, held: Any) -> list[str]:
    """Of held money or a membership (a row of `suspense`) that waits until more is known of it; nothing of what is held for another reason."""
    if held["reason"] != AWAITED or held["status"] != "held":
        return []
    sql = load("suspense.sql", "console")
    told = await connection.fetchrow(sql["confirmation"], held["case_key"])
    membership = await connection.fetchrow(sql["membership"], held["case_key"])
    if membership is not None:
        needs = _membership_needs(settings, held["provider"], membership["plan"])
        return [*needs, *_asked(held["provider"], told, "attest.membership")]
    known = await connection.fetchval(sql["attestation"], held["case_key"])
    return [*_needs(settings, held, known), *_asked(held["provider"], told, "attest.answer")]


async def missing_of(
    connection: Connection, settings: Settings, payments: Iterable[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """The same of payments (rows of `payments`), by their record."""
    return {
        one["record"]: await what_is_missing(
            connection, settings, {**one, "reason": one["held"], "status": "held"}
        )
        for one in payments
    }


def _needs(settings: Settings, held: Any, known: Attestation | None) -> Iterator[str]:
    try:
        policy = read_catalog(settings).policy(held["provider"])
    except ConfigurationError:
        return  # what is wrong with it is said by doctor
    limit = policy.may_grant(known or "token_only")
    if limit is None or held["amount"] is None:
        return
    needed = policy.needed_for(max(held["amount"], limit + 1))
    if needed == "signed" and traits_of(held["provider"]).unsigned:
        needed = "api_confirmed"  # it never signs
    yield text(
        "attest.needs",
        provider=held["provider"],
        limit=rupiah(limit),
        known=text(f"attestation.{known or 'token_only'}"),
        needed=text(f"attestation.{needed}"),
    )


def _membership_needs(settings: Settings, provider: str, plan: str | None) -> Iterator[str]:
    try:
        catalog = read_catalog(settings)
    except ConfigurationError:
        return  # what is wrong with it is said by doctor
    limit = catalog.policy(provider).may_grant("token_only")
    if limit is None:
        return
    product = catalog.product(plan or "")
    price = (
        rupiah(product.price_idr) if product and product.price_idr is not None else text("attest.no_price")
    )
    yield text(
        "attest.needs_membership", provider=provider, limit=rupiah(limit), plan=plan or "-", price=price
    )


def _asked(provider: str, told: Any, words: str) -> Iterator[str]:
    """`words`: where the answers stand among the texts."""
    if told is None:
        yield text("attest.never_asked", provider=provider)
        return
    answer = text(
        f"{words}.{told['answer']}",
        theirs=rupiah(told["their_amount"]),
        ours=rupiah(told["our_amount"]),
        status=value(told["their_status"] or "-"),
        code=told["code"] or "-",
    )
    count, at = number(told["asks"]), moment(told["asked_at"])
    yield text("attest.asked", provider=provider, count=count, at=at, answer=answer)
    again = told["next_at"]
    yield text("attest.asked_again", at=moment(again)) if again else text("attest.asked_no_more")

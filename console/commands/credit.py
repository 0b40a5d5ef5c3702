"""`lunas credit`: accounts that owe or are frozen, an operator's word on them, and whether all are what the log adds up to."""

from __future__ import annotations

import click

from api.credit import judging
from api.credit.audit import rebuild_accounts, verify_accounts
from api.credit.judging import NothingToJudge
from console.account_acts import judge, nothing_to_say
from console.acts import Act, Done, record, tell
from console.exits import FINE, PROBLEMS, WrongUse
from console.lazy import Group
from console.messages import text
from console.options import as_json, asynchronous, limit, reason, yes
from console.output import number, paint, print_data, print_json
from console.safety import confirm
from console.store import open_store
from console.tables import count, plain, print_rows
from console.target import load_target
from eventstore.queries import load

ACCOUNTS = (plain("customer_id"), count("credit_tokens"), count("debt_tokens"), plain("frozen"))


@click.group(cls=Group)
def credit() -> None:
    """Credit that customers can spend: who owes, whose account is frozen, and what operators decide about that."""


@credit.command("list")
@limit
@as_json
@asynchronous
async def list_accounts(limit: int, as_json: bool) -> int:
    """List accounts that spent credit before its money went back, and those that are frozen."""
    async with open_store(load_target()) as connection:
        rows = [dict(row) for row in await connection.fetch(load("credit.sql", "console")["in_debt"], limit)]
    if as_json:
        print_json({"items": rows})
        return FINE
    if not rows:
        print_data(text("credit.none"))
        return FINE
    print_rows(rows, ACCOUNTS)
    return FINE


@credit.command("show")
@click.argument("customer")
@as_json
@asynchronous
async def show(customer: str, as_json: bool) -> int:
    """Show what a customer can spend, by top-up, and what is reserved or owed."""
    async with open_store(load_target()) as connection:
        try:
            account = await judging.look_at(connection, customer)
        except NothingToJudge:
            raise WrongUse(text("credit.unknown", customer=customer)) from None
    lots = [{"top_up": lot.key, "tokens": lot.tokens, "idr": lot.idr} for lot in account.lots]
    if as_json:
        print_json(
            {
                "customer_id": customer,
                "credit_tokens": account.credit,
                "reserved_tokens": account.reserved,
                "debt_tokens": account.debt,
                "spent_tokens": account.spent,
                "spent_idr": account.spent_idr,
                "frozen": account.frozen,
                "lots": lots,
            }
        )
        return FINE
    print_data(
        text(
            "credit.shown",
            customer=customer,
            credit=number(account.credit),
            reserved=number(account.reserved),
            debt=number(account.debt),
            spent=number(account.spent),
        )
    )
    if account.frozen is not None:
        print_data(text("credit.is_frozen", reason=account.frozen))
    for lot in account.lots:
        print_data(f"    {lot.key}: {number(lot.tokens)}")
    return FINE


@credit.command("freeze")
@click.argument("customer")
@reason
@yes
@as_json
@asynchronous
async def freeze(customer: str, reason: str, yes: bool, as_json: bool) -> int:
    """Let nothing be spent from an account until it is freed again. Top-ups are still credited."""
    return await _say("freeze", customer, reason, yes=yes, as_json=as_json)


@credit.command("unfreeze")
@click.argument("customer")
@reason
@yes
@as_json
@asynchronous
async def unfreeze(customer: str, reason: str, yes: bool, as_json: bool) -> int:
    """Let an account be spent from again, whatever it owes."""
    return await _say("unfreeze", customer, reason, yes=yes, as_json=as_json)


@credit.command("forgive")
@click.argument("customer")
@reason
@yes
@as_json
@asynchronous
async def forgive(customer: str, reason: str, yes: bool, as_json: bool) -> int:
    """Take a debt over as our loss: credit that was spent before its money went back."""
    return await _say("forgive", customer, reason, yes=yes, as_json=as_json, harmless=False)


@credit.command("verify")
@as_json
@asynchronous
async def verify(as_json: bool) -> int:
    """Fold every account from the beginning of the log, compare with what is kept, and list every difference.

    Nothing is changed. Exit code 1 when something differs.
    """
    async with open_store(load_target()) as connection:
        checked = await verify_accounts(connection)
    fine = not checked.differences
    counts = {"accounts": number(checked.accounts), "acts": number(checked.acts)}
    if as_json:
        print_json(
            {
                "ok": fine,
                "accounts": checked.accounts,
                "acts": checked.acts,
                "differences": checked.differences,
            }
        )
    elif fine:
        print_data(paint("✓ ", "green") + text("credit.equal", **counts))
    else:
        print_data(paint("✗ ", "red") + text("credit.different", count=number(len(checked.differences))))
        for difference in checked.differences:
            print_data(f"    {difference}")
    return FINE if fine else PROBLEMS


@credit.command("rebuild")
@click.option("--reason", default="rebuild", help="Why, in your own words; kept in the audit record.")
@yes
@as_json
@asynchronous
async def rebuild(reason: str, yes: bool, as_json: bool) -> int:
    """Build what is kept of every account from the log again. Spends and grants nothing; processes may go on."""
    async with open_store(load_target()) as connection:
        confirm(text("credit.rebuild_question"), yes=yes, harmless=True)
        built = await rebuild_accounts(connection)
        undo = "lunas credit verify"
        after = {"accounts": built.accounts, "acts": built.acts}
        act_id = await record(connection, Act("credit.rebuild", "credit_accounts", reason, undo, after=after))
    counts = {"accounts": number(built.accounts), "acts": number(built.acts)}
    tell([Done(text("credit.rebuilt", **counts), act_id, undo)], as_json=as_json)
    return FINE


async def _say(
    verb: str, customer: str, reason: str, *, yes: bool, as_json: bool, harmless: bool = True
) -> int:
    """An operator's word on one account, with its audit record."""
    async with open_store(load_target()) as connection:
        try:
            await judging.look_at(connection, customer)
        except NothingToJudge:
            raise await nothing_to_say(connection, verb, customer) from None
        confirm(text(f"credit.{verb}_question", customer=customer), yes=yes, harmless=harmless)
        done = await judge(connection, verb, customer, reason)
    tell([done], as_json=as_json)
    return FINE

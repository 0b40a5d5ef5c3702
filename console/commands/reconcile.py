"""`lunas reconcile`: a provider's own lists compared with our record, now; and what that found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from console.choices import Among
from console.comparing import SQL, compare
from console.exits import FINE, PROBLEMS, WrongUse
from console.lazy import Group
from console.messages import text
from console.options import PROVIDERS, Moment, as_json, asynchronous, limit, said, since, yes
from console.output import number, paint, print_data, print_json, rupiah
from console.safety import confirm
from console.statements import digest_of, planned, record_statement, summed
from console.store import OPERATOR_ROLE, open_store
from console.tables import money, plain, print_rows, told, when
from console.target import load_target
from console.times import moment
from processor.cases.case import PaymentCase
from processor.reconciliation.book import RunBook
from processor.reconciliation.ours import assessed_between
from processor.reconciliation.statement import (
    Column,
    Statement,
    StatementSpan,
    StatementUnreadable,
    Tied,
    names,
    read_statement,
    spans_of,
    tie,
)
from providers.registry import PROVIDERS as KNOWN
from runtime.database import open_pool

if TYPE_CHECKING:
    from console.statements import RecordedStatement
    from processor.reconciliation.book import RunState
    from processor.reconciliation.statement import Recordable
    from runtime.database import Pool

LOOKED_UP_TOGETHER = 1000  # payments of a statement
CALLED = tuple(name for name in PROVIDERS if KNOWN[name].webhooks)


@click.group(cls=Group)
def reconcile() -> None:
    """A provider's own lists compared with our record: webhooks that were lost are found, and what differs is told."""


@reconcile.command("run")
@click.argument("provider", type=Among(CALLED))
@since
@as_json
@asynchronous
async def run_command(provider: str, since: datetime | None, as_json: bool) -> int:
    """Read the provider's lists from now back to --since, and give what is missing here to the queue, as its webhook would have been.

    Without --since it looks back to two days before the last complete comparison, or goes on with a run that was cut off. It changes no money by
    itself: what else differs is listed by `lunas reconcile show`. Exit code 1 while something differs, or when the provider did not let us see everything.
    """
    settings = load_target()
    settings.require_broker_url()
    found = await compare(settings, provider, since, "reconciliation", shown=not as_json)
    if as_json:
        print_json(_document(found.run, found.code, found.kinds) | {"act_id": found.act_id})
    else:
        _tell(found.run, found.code, found.kinds)
        print_data(text("act.recorded", act_id=found.act_id))
    return PROBLEMS if found.left or found.code else FINE


@reconcile.command("show")
@click.argument("provider", type=Among(CALLED))
@since
@limit
@as_json
@asynchronous
async def show_command(provider: str, since: datetime | None, limit: int, as_json: bool) -> int:
    """Show what differs between the provider's lists and our record, the largest first, and the newest runs.

    Exit code 1 while something differs.
    """
    async with open_store(load_target()) as connection:
        found = [dict(row) for row in await connection.fetch(SQL["open_of"], provider, since, limit)]
        runs = [dict(row) for row in await connection.fetch(SQL["runs_of"], provider, since, 10)]
    if as_json:
        print_json({"provider": provider, "items": found, "runs": runs})
        return PROBLEMS if found else FINE
    _show_runs(provider, runs)
    if not found:
        print_data(paint("✓ ", "green") + text("reconcile.nothing", provider=provider))
        return FINE
    print_rows(found, DRIFT)
    print_data(text("reconcile.what_now"))
    return PROBLEMS


@reconcile.command("statement")
@click.argument("provider", type=Among(PROVIDERS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--id", "id_column", help="Heading of the column with the payments' ids.")
@click.option("--amount", "amount_column", help="Heading of the column with the amounts that payers paid.")
@click.option("--fee", "fee_column", help="Heading of the column with the provider's fees.")
@click.option("--net", "net_column", help="Heading of the column with what arrived.")
@click.option(
    "--since", type=Moment(), help="Look for payments of ours that the file does not name only from then on."
)
@click.option(
    "--until",
    type=Moment(day_ends=True),
    help="Look for payments of ours that the file does not name only until then; a day counts to its end.",
)
@click.option(
    "--record",
    "recorded",
    is_flag=True,
    help="Record what ties: that it was paid out, and what the provider kept of it.",
)
@click.option("--reason", callback=said, help="Why, in your own words; kept in the audit record.")
@yes
@as_json
@asynchronous
async def statement_command(
    provider: str,
    file: Path,
    id_column: str | None,
    amount_column: str | None,
    fee_column: str | None,
    net_column: str | None,
    since: datetime | None,
    until: datetime | None,
    recorded: bool,
    reason: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Hold a provider's statement of settlement (CSV) against our record, to the rupiah.

    Each payment of it is looked up by any of its ids; what we do not know, count otherwise, or find twice in it is named with its line. Nothing
    is changed without --record. Exit code 1 when it does not tie.

    What we have as paid and the file does not name is told too. A provider settles payments some days after they were paid, each channel's in
    its own time, so only those are looked for that were paid between the first and the last payment of their own channel that the file names.
    A file with stragglers of long ago is held to a shorter time with --since.

    With --record the payments that tie are marked as paid out, and what the provider kept of each is booked (`lunas close` shows it). The file
    outweighs what webhooks said of fees. It is asked before, and the same file again changes nothing.
    """
    if recorded and reason is None:
        raise WrongUse(text("web.no_reason"))
    columns: dict[Column, str | None] = {
        "id": id_column,
        "amount": amount_column,
        "fee": fee_column,
        "net": net_column,
    }
    statement = _statement(file, {name: given for name, given in columns.items() if given})
    settings = load_target()
    if recorded and not settings.book_fees:
        raise WrongUse(text("statement.fees_off"))
    async with open_pool(settings, "reconcile", role=OPERATOR_ROLE, by_index=True) as pool:
        book, cases = RunBook(pool, provider), dict[str, PaymentCase]()
        for part in batched(names(statement), LOOKED_UP_TOGETHER):
            cases |= await book.cases(f"{provider}:{name}" for name in part)

        def case_of(name: str) -> PaymentCase | None:
            return cases.get(f"{provider}:{name}")

        spans = spans_of(statement, case_of, since, until)
        ours = await _paid_within(pool, book, provider, spans)
    tied = tie(statement, case_of, spans, ours)
    if not as_json:
        _show_tied(provider, tied)
    done: dict[str, Any] = {}
    if reason is not None and recorded:
        written = await _record(provider, file, planned(statement, case_of), reason, yes=yes)
        done = {"recorded": asdict(written)}
        if not as_json:
            print_data(_recorded_words("statement.recorded", written))
            print_data(text("act.recorded", act_id=written.act_id))
    if as_json:
        print_json(asdict(tied) | {"provider": provider, "ties": tied.ties} | done)
    return FINE if tied.ties else PROBLEMS


async def _record(
    provider: str, file: Path, lines: Sequence[Recordable], reason: str, *, yes: bool
) -> RecordedStatement:
    """Asked first: what it would do stands in the question."""
    async with open_store(load_target()) as connection:
        if lines:
            confirm(_recorded_words("statement.question", summed(lines)), yes=yes)
        return await record_statement(connection, provider, digest_of(file), lines, reason)


def _recorded_words(key: str, one: RecordedStatement) -> str:
    return text(key, lines=number(one.lines), fees=rupiah(one.fees), more=rupiah(one.more))


async def _paid_within(
    pool: Pool, book: RunBook, provider: str, spans: Sequence[StatementSpan]
) -> Iterable[PaymentCase]:
    """Cases of payments that may have been paid within one of these times."""
    if not spans:
        return ()
    first, last = min(one.first for one in spans), max(one.last for one in spans)
    keys = sorted(await assessed_between(pool, provider, first, last))
    found: dict[str, PaymentCase] = {}
    for part in batched(keys, LOOKED_UP_TOGETHER):
        found |= {case.key: case for case in (await book.cases(part)).values()}
    return found.values()


def batched(items: Iterable[str], count: int) -> Iterator[list[str]]:
    rest = iter(items)
    while part := list(islice(rest, count)):
        yield part


def _statement(file: Path, columns: dict[Column, str]) -> Statement:
    """Raises WrongUse for what is no such table."""
    try:
        return read_statement(file.read_text(encoding="utf-8"), columns)
    except UnicodeDecodeError as error:
        raise WrongUse(text("statement.no_table", file=file)) from error
    except StatementUnreadable as error:
        key = "statement.no_column" if error.reason == "column_missing" else "statement.no_table"
        raise WrongUse(text(key, file=file, column=error.detail)) from error


def _show_tied(provider: str, tied: Tied) -> None:
    print_data(
        text(
            "statement.sums",
            provider=provider,
            lines=number(tied.lines),
            theirs=rupiah(tied.theirs),
            ours=rupiah(tied.ours),
            fees=rupiah(tied.fees),
        )
    )
    for span in tied.spans:
        channel = " ".join(filter(None, (span.method, span.channel))) or "-"
        print_data(
            "  " + text("statement.span", channel=channel, first=moment(span.first), last=moment(span.last))
        )
    if not tied.spans:
        print_data("  " + text("statement.no_span"))
    if tied.ties:
        print_data(paint("✓ ", "green") + text("statement.ties"))
        return
    print_data(
        paint("! ", "yellow")
        + text("statement.differs", amount=rupiah(tied.theirs - tied.ours), omitted=rupiah(tied.omitted))
    )
    print_rows([asdict(one) for one in tied.differences], UNTIED)


def _tell(run: RunState, code: str | None, kinds: Sequence[dict[str, Any]]) -> None:
    print_data(
        text(
            "reconcile.read",
            provider=run.provider,
            since=moment(run.since),
            rows=number(run.rows),
            asked=number(run.asked),
            fed=number(run.fed),
        )
    )
    for kind in kinds:
        key = "reconcile.kind_resolved" if kind["resolved"] == kind["findings"] else "reconcile.kind"
        print_data("  " + text(key, count=number(kind["findings"]), kind=text(f"difference.{kind['kind']}"),
                               resolved=number(kind["resolved"]), amount=rupiah(kind["amount_idr"])))  # fmt: skip
    if not kinds and code is None:
        print_data(paint("✓ ", "green") + text("reconcile.nothing", provider=run.provider))
    if code is not None:
        print_data(paint("! ", "yellow") + text("reconcile.not_all", code=code, provider=run.provider))


def _show_runs(provider: str, runs: list[dict[str, Any]]) -> None:
    if not runs:
        print_data(text("reconcile.never", provider=provider))
        return
    newest = runs[0]
    words = text(f"reconcile.run_{newest['status']}")
    print_data(
        text(
            "reconcile.last",
            provider=provider,
            at=moment(newest["started_at"]),
            status=words,
            rows=number(newest["rows"]),
            fed=number(newest["fed"]),
            found=number(newest["found"]),
        )
    )


_kind = told("kind", lambda one: text(f"difference.{one['kind']}"))
DRIFT = (
    _kind,
    plain("payment_id"),
    told("ours", lambda one: _side(one["ours"], one["our_amount"])),
    told("theirs", lambda one: _side(one["theirs"], one["their_amount"])),
    plain("reason"),
    when("first_seen_at"),
)
UNTIED = (
    plain("line", right=True),
    _kind,
    plain("payment_id"),
    money("ours"),
    money("theirs"),
    plain("reason"),
)


def _side(status: str | None, amount: int | None) -> str:
    return " ".join(part for part in (status, None if amount is None else rupiah(amount)) if part) or "-"


def _document(run: RunState, code: str | None, kinds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "provider": run.provider,
        "since": run.since,
        "complete": code is None,
        "code": code,
        "rows": run.rows,
        "asked": run.asked,
        "fed": run.fed,
        "found": run.found,
        "kinds": kinds,
    }

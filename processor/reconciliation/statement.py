"""A provider's statement of settlement beside our record: it ties to the rupiah, or each thing that differs is named. Pure.

It is walked both ways: each line is looked up here, and what we have as paid and no line names is looked for too. Payments are settled some time after
they are paid, each channel's in its own time, so a statement speaks for the time between the payments that it names, channel by channel, and for no other.

The statement is a table (CSV) of payments that a provider has paid out. Columns differ between providers and change; they are found by what
their headings usually say, or named by whoever reads it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from processor.cases.case import PaymentCase
from processor.cases.fees import fees_of
from processor.policies.attesting import AWAITED
from processor.reconciliation.comparing import askable, attempt_of, is_awaited, our_amount
from providers.reconciling import RowUnreadable, whole_rupiah
from schemas.errors import UnparsableError

StatementKind = Literal["missing_here", "missing_there", "amount", "duplicate", "sum", "unreadable"]
Column = Literal["id", "amount", "fee", "net"]
CaseOf = Callable[[str], PaymentCase | None]
_Channel = tuple[str | None, str | None]
_TICK = timedelta(microseconds=1)

HEADINGS: Mapping[Column, tuple[str, ...]] = {
    "id": ("payment_id", "product_id", "transaction_id", "transactionid", "external_id", "order_id", "reference", "reference_id", "id"),
    "amount": ("amount", "gross_amount", "gross", "gross_revenue", "nominal", "jumlah"),
    "fee": ("fee", "fees", "total_fee", "fee_amount", "biaya"),
    "net": ("net_amount", "net", "net_revenue", "settled_amount", "bersih"),
}  # fmt: skip
"""How columns are called, the likeliest first."""
FIELD_MAX = 100_000


class StatementUnreadable(UnparsableError):
    """It is no table that we can use; the reason is a stable code."""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One payment of a statement, in rupiah. `line`: its number in the file, counted from 1."""

    line: int
    payment_id: str
    amount: int
    fee: int | None = None
    net: int | None = None

    @property
    def kept(self) -> int | None:
        """What the provider keeps: its fee, else what is left of the amount."""
        return self.amount - self.net if self.fee is None and self.net is not None else self.fee

    @property
    def adds_up(self) -> bool:
        """Amount less fee is net, as far as both are stated, and no fee is more than its amount."""
        kept = self.kept
        return kept is None or (0 <= kept <= self.amount and self.net in (None, self.amount - kept))


@dataclass(frozen=True, slots=True)
class StatementDifference:
    """What does not tie. `line` is the line of the file, None of what no line names; amounts in rupiah, None where nobody knows one."""

    kind: StatementKind
    line: int | None
    payment_id: str
    reason: str = ""
    ours: int | None = None
    theirs: int | None = None


@dataclass(frozen=True, slots=True)
class StatementSpan:
    """Times between which (both left out) a statement speaks for all payments of one channel: the first and the last that it names were paid then."""

    method: str | None
    channel: str | None
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Tied:
    """Sums in rupiah, of what the statement says and of what we know of the same payments; what differs, in the order of the file.

    `omitted`: rupiah of payments of ours within `spans` that no line names.
    """

    lines: int
    theirs: int
    ours: int
    fees: int
    differences: Sequence[StatementDifference] = ()
    omitted: int = 0
    spans: Sequence[StatementSpan] = ()

    @property
    def ties(self) -> bool:
        return not self.differences and self.theirs == self.ours


@dataclass(slots=True)
class Statement:
    """Lines that can be read, and those that cannot."""

    lines: list[StatementLine] = field(default_factory=list)
    unreadable: list[StatementDifference] = field(default_factory=list)


def read_statement(text: str, named: Mapping[Column, str] | None = None) -> Statement:
    """`named`: columns by their headings in this file. Raises StatementUnreadable for what is no table with ids and amounts."""
    try:
        dialect: type[csv.Dialect] | str = csv.Sniffer().sniff(text[:4096].partition("\n")[0], ",;\t|")
    except csv.Error:
        dialect = "excel"
    csv.field_size_limit(FIELD_MAX)
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), dialect)
    try:
        headings = next(rows, [])
        columns = _columns(headings, named or {})
        found = Statement()
        for row in rows:
            if any(cell.strip() for cell in row):
                _add(found, rows.line_num, row, columns)
    except csv.Error as error:
        raise StatementUnreadable("no_table") from error
    return found


def _columns(headings: Sequence[str], named: Mapping[Column, str]) -> dict[Column, int]:
    known = {_plain(heading): place for place, heading in reversed(list(enumerate(headings)))}
    found: dict[Column, int] = {}
    for column, usual in HEADINGS.items():
        if column in named:
            if _plain(named[column]) not in known:
                raise StatementUnreadable("column_missing", named[column])
            found[column] = known[_plain(named[column])]
        else:
            place = next((known[name] for name in usual if name in known), None)
            if place is not None:
                found[column] = place
    for needed in ("id", "amount"):
        if needed not in found:
            raise StatementUnreadable("column_missing", needed)
    return found


def _plain(heading: str) -> str:
    return "_".join(heading.strip().lower().replace("-", " ").split())


def _add(found: Statement, line: int, row: Sequence[str], columns: Mapping[Column, int]) -> None:
    def cell(column: Column) -> str:
        place = columns.get(column)
        return row[place].strip() if place is not None and place < len(row) else ""

    name = cell("id")
    if not name or not name.isprintable():
        found.unreadable.append(StatementDifference("unreadable", line, "", "id_missing"))
        return
    try:
        amount = whole_rupiah(cell("amount") or None)
        fee = whole_rupiah(cell("fee")) if cell("fee") else None
        net = whole_rupiah(cell("net")) if cell("net") else None
    except RowUnreadable as error:
        found.unreadable.append(StatementDifference("unreadable", line, name, str(error)))
        return
    found.lines.append(StatementLine(line, name, amount, fee, net))


def spans_of(
    statement: Statement, case_of: CaseOf, since: datetime | None = None, until: datetime | None = None
) -> tuple[StatementSpan, ...]:
    """For which time it speaks, by channel, as far as that lies from `since` to `until`. One payment of a channel makes no time."""
    times: dict[_Channel, list[datetime]] = {}
    # Lines that cannot be read are left out: a refund's is of a payment that was settled long ago.
    for line in statement.lines:
        case = case_of(line.payment_id)
        at = None if case is None else case.facts.bought_at
        if case is not None and at is not None:
            times.setdefault(_channel(case), []).append(at)
    found = []
    for (method, channel), paid in times.items():
        first = max(min(paid), since - _TICK) if since else min(paid)
        last = min(max(paid), until + _TICK) if until else max(paid)
        if first < last:
            found.append(StatementSpan(method, channel, first, last))
    return tuple(found)


def tie(
    statement: Statement,
    case_of: CaseOf,
    spans: Sequence[StatementSpan] = (),
    ours: Iterable[PaymentCase] = (),
) -> Tied:
    """`case_of`: our case of a payment by any of its ids; `ours`: cases of this provider, each once, of which those are told that it should name."""
    tied = _lines(statement, case_of)
    named = {case.key for name in names(statement) if (case := case_of(name)) is not None}
    omitted = [_omitted(case) for case in ours if case.key not in named and _is_due(case, spans)]
    more = sum(one.ours or 0 for one in omitted)
    return replace(tied, differences=[*tied.differences, *omitted], omitted=more, spans=tuple(spans))


def _lines(statement: Statement, case_of: CaseOf) -> Tied:
    differences = list(statement.unreadable)
    first: dict[str, int] = {}
    theirs = ours = fees = 0
    for one in statement.lines:
        theirs += one.amount
        fees += one.fee or 0
        case = case_of(one.payment_id)
        key = one.payment_id if case is None else case.key
        if key in first:
            differences.append(_differs("duplicate", one, f"line {first[key]}"))
            continue
        first[key] = one.line
        known = _known(one.payment_id, case)
        ours += known or 0
        if known is None:
            reason = "" if case is None else "not_paid"
            differences.append(_differs("missing_here", one, reason))
        elif known != one.amount:
            differences.append(_differs("amount", one, ours=known))
        if not one.adds_up:
            differences.append(_differs("sum", one, "net_is_not_amount_less_fee"))
    return Tied(len(statement.lines), theirs, ours, fees, sorted(differences, key=lambda one: one.line or 0))


@dataclass(frozen=True, slots=True)
class Recordable:
    """A line that ties, as our record names its payment. `fee`: what the provider keeps by it, None where it does not say; `booked`: what is booked of that."""

    line: int
    payment_key: str
    attempt_id: str | None
    amount: int
    fee: int | None
    booked: int


def recordable(statement: Statement, case_of: CaseOf) -> list[Recordable]:
    """Lines that name a payment as we count it, each payment once, and that say something new: that it was paid out, or another fee."""
    found: dict[tuple[str, str], Recordable] = {}
    for one in statement.lines:
        case = case_of(one.payment_id)
        key = None if case is None else _attempt_named(case, one.payment_id)
        if case is None or key is None or (case.key, key) in found:
            continue
        if _known(one.payment_id, case) != one.amount or not one.adds_up:
            continue
        attempt, fee = case.facts.attempts[key], one.kept
        told = attempt.stated_fee
        if attempt.settled and (fee is None or (told is not None and told.value == fee)):
            continue
        booked = fees_of(case.facts, (key,)).rupiah
        found[case.key, key] = Recordable(
            one.line, case.facts.payment_key, key or None, one.amount, fee, booked
        )
    return list(found.values())


def _attempt_named(case: PaymentCase, name: str) -> str | None:
    """Which of its movements of money a name means: its own, else the only one there is."""
    successes = case.facts.successes
    if name in successes:
        return name
    return next(iter(successes)) if len(successes) == 1 else None


def names(statement: Statement) -> Iterable[str]:
    """The ids it names, also in lines that cannot be read otherwise."""
    readable = [one.payment_id for one in statement.lines]
    return readable + [one.payment_id for one in statement.unreadable if one.payment_id]


def _channel(case: PaymentCase) -> _Channel:
    return case.facts.value("method"), case.facts.value("channel")


def _is_due(case: PaymentCase, spans: Sequence[StatementSpan]) -> bool:
    """Whether it was paid, and between payments of its channel that the statement names."""
    at = case.facts.bought_at
    if at is None or case.facts.reversed_at:
        return False
    return any((one.method, one.channel) == _channel(case) and one.first < at < one.last for one in spans)


def _omitted(case: PaymentCase) -> StatementDifference:
    name = next(iter(askable(case)), case.facts.payment_key)
    reason = AWAITED if is_awaited(case) else "refunded" if case.facts.refunds else ""
    return StatementDifference("missing_there", None, name, reason, our_amount(case))


def _known(name: str, case: PaymentCase | None) -> int | None:
    """Rupiah that we count for it; None when we count nothing."""
    if case is None or not case.facts.paid:
        return None
    attempt = attempt_of(case, (name,))
    if attempt is not None and attempt.succeeded and attempt.amount is not None:
        counted: int = attempt.amount.value
        return counted
    return our_amount(case)


def _differs(
    kind: StatementKind, one: StatementLine, reason: str = "", ours: int | None = None
) -> StatementDifference:
    return StatementDifference(kind, one.line, one.payment_id, reason, ours, one.amount)

"""The one language of filters: `provider=mayar and error~timeout and amount>500000 and since 2h`. Pure.

    filter = clause { "and" clause }
    clause = field operator value { "," value }  |  ( "since" | "until" ) time
    value  = word | "quoted" | 'quoted'

Values beside each other are alternatives; clauses must all be true. `~` is "contains", whatever the case of letters. Every mistake says at
which column it is. What is parsed becomes parameters of statements that stand as they are (`Where.parameters`): nothing that a person types
becomes SQL.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from difflib import get_close_matches
from typing import Literal, get_args

WhereProblem = Literal[
    "empty", "field_expected", "field_unknown", "operator_expected", "operator_unfit", "value_expected", "amount_malformed", "time_malformed",
    "id_malformed", "value_unknown", "quote_open", "and_expected", "field_unfit", "field_needed", "source_alone",
]  # fmt: skip
PROBLEMS: tuple[WhereProblem, ...] = get_args(WhereProblem)

Source = Literal["letters", "deliveries", "unhandled", "quarantine", "missing"]
"""Open dead letters; stored deliveries; those whose event nothing handled; rejected requests that are genuine by now; what only the provider has."""

STATUSES = ("processed", "no_effect", "test", "duplicate", "conflict", "parked", "quarantined")
STAGES = ("decode", "translate", "append", "broker", "fulfil")

_EQUAL, _LIKE, _ORDER = ("=", "!="), ("=", "!=", "~", "!~"), ("=", ">", ">=", "<", "<=")
FIELDS: Mapping[str, Sequence[str]] = {
    "provider": _EQUAL,
    "event": _LIKE,
    "error": _LIKE,
    "stage": _EQUAL,
    "status": _EQUAL,
    "source": ("=",),
    "id": ("=",),
    "amount": _ORDER,
    "since": (),
    "until": (),
}
"""What may be asked, and how. `since` and `until` stand before a time without an operator; `=` there is allowed."""

_FIT: Mapping[str, frozenset[Source]] = {
    "stage": frozenset({"letters"}),
    "status": frozenset({"deliveries"}),
    "error": frozenset({"letters", "deliveries", "quarantine"}),
    "id": frozenset({"letters", "deliveries", "unhandled", "quarantine"}),
    "until": frozenset({"letters", "deliveries", "unhandled", "quarantine"}),
}
"""Where else than everywhere a field means something: letters have no status but that they wait, a provider's list is read from now back."""
_UNHANDLED = ("no_effect", "unknown_event")
"""Status and reason of a delivery whose event nothing handled when it came."""

_CLOSED: Mapping[str, Sequence[str]] = {
    "stage": STAGES,
    "status": STATUSES,
    "source": get_args(Source),
}
_TOKEN = re.compile(r"\s*(?:(?P<op>!=|!~|>=|<=|=|~|>|<)|(?P<comma>,)|\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<word>[^\s,=!~<>\"']+)|(?P<bad>\S))")  # fmt: skip
_AGO = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_RUPIAH = re.compile(r"\d{1,15}")
_ZONE = timezone(timedelta(hours=7))
"""A time without a zone is read where the shops are (WIB)."""
_LONGEST = timedelta(days=36_500)
"""Longer ago than anything here; what is further back in no calendar is no longer ago."""
_MOST = 2**63 - 1


class WhereError(ValueError):
    """`column` counts from 1; `found` is what stands there, `known` what could stand there, `near` the closest of it."""

    def __init__(
        self, problem: WhereProblem, column: int, found: str = "", known: Sequence[str] = (), near: str = ""
    ) -> None:
        super().__init__(f"column {column}: {problem} {found}".strip())
        self.problem = problem
        self.column = column
        self.found = found
        self.known = tuple(known)
        self.near = near


@dataclass(slots=True)
class Words:
    """What one field may be (`any`; None: anything), must not be, must contain and must not contain."""

    any: frozenset[str] | None = None
    none: frozenset[str] = frozenset()
    like: frozenset[str] = frozenset()
    unlike: frozenset[str] = frozenset()

    def add(self, operator: str, values: frozenset[str]) -> None:
        if operator == "=":
            self.any = values if self.any is None else self.any & values
        elif operator == "!=":
            self.none |= values
        elif operator == "~":
            # Alternatives of one clause are one pattern; patterns of several clauses must all fit.
            self.like |= {"|".join(sorted(map(_pattern, values)))}
        else:
            self.unlike |= set(map(_pattern, values))


@dataclass(slots=True)
class Where:
    """A parsed filter. Times are how long ago, or moments."""

    text: str
    words: dict[str, Words] = field(default_factory=dict)
    at_least: int | None = None
    at_most: int | None = None
    since: timedelta | datetime | None = None
    until: timedelta | datetime | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """Said, or by what is asked for: only deliveries have a status of their own. In the order in which they are looked through."""
        said = self.words["source"].any if "source" in self.words else None
        if said is not None:
            return tuple(one for one in get_args(Source) if one in said)
        return ("deliveries",) if "status" in self.words else ("letters",)

    def alone(self, source: Source) -> Where:
        """The same filter over one of its sources. What nothing handled are deliveries of one outcome."""
        words = dict(self.words) | {"source": Words(frozenset({source}))}
        if source == "unhandled":
            status, reason = _UNHANDLED
            words |= {"status": Words(frozenset({status})), "error": Words(frozenset({reason}))}
        return replace(self, words=words)

    def fits(self, name: str, value: str | None) -> bool:
        """Whether a value is one that the filter asks for, where no statement says so."""
        words = self.words.get(name)
        if words is None:
            return True
        said = value or ""
        return (
            (words.any is None or said in words.any)
            and said not in words.none
            and all(re.search(part, said, re.IGNORECASE) for part in words.like)
            and not any(re.search(part, said, re.IGNORECASE) for part in words.unlike)
        )

    def fits_amount(self, amount: int | None) -> bool:
        """An amount that nobody can read is none that was asked for."""
        if self.at_least is None and self.at_most is None:
            return True
        return amount is not None and (self.at_least or 0) <= amount <= (
            amount if self.at_most is None else self.at_most
        )

    def span(self, now: datetime) -> tuple[datetime | None, datetime | None]:
        """From when, and before when; None: no bound."""
        return _moment(self.since, now), _moment(self.until, now)

    def ids(self) -> list[uuid.UUID] | None:
        """Those that are asked for; None: any."""
        return None if "id" not in self.words else sorted(map(uuid.UUID, self.words["id"].any or ()))

    def parameters(self, now: datetime) -> tuple[object, ...]:
        """In the order of the statements that take a filter: two of provider, four of event and error, two of stage and status, amounts, times, ids."""
        return (
            *self._four("provider")[:2],
            *self._four("event"),
            *self._four("error"),
            *self._four("stage")[:2],
            *self._four("status")[:2],
            self.at_least,
            self.at_most,
            *self.span(now),
            self.ids(),
        )

    def _four(self, name: str) -> tuple[list[str] | None, list[str], list[str], list[str]]:
        words = self.words.get(name, Words())
        chosen = None if words.any is None else sorted(words.any)
        return chosen, sorted(words.none), sorted(words.like), sorted(words.unlike)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def parse_where(text: str, *, providers: Sequence[str] = ()) -> Where:
    """Raises WhereError. `providers`: names that there are; empty: any."""
    tokens = _tokens(text)
    if tokens[0].kind == "end":
        raise WhereError("empty", 1, known=tuple(FIELDS))
    found, place = Where(text.strip()), 0
    while True:
        place = _clause(found, tokens, place, providers)
        here = tokens[place]
        if here.kind == "end":
            return _fitting(found, tokens)
        if here.kind != "word" or here.text.lower() != "and":
            raise WhereError("and_expected", here.column, here.text, ("and",))
        place += 1


def _fitting(found: Where, tokens: Sequence[_Token]) -> Where:
    """Every field means something in every place that is looked through, and a provider's list is asked for by its name and a time."""
    sources = found.sources
    if not sources:
        here = _of(tokens, "source")
        raise WhereError("value_unknown", here.column, "source", known=get_args(Source))
    for name, fit in _FIT.items():
        used = name in found.words or (name == "until" and found.until is not None)
        if used and not fit.issuperset(sources):
            here = _of(tokens, name)
            unfit = [source for source in sources if source not in fit]
            raise WhereError("field_unfit", here.column, here.text, known=unfit)
    if "missing" in sources:
        _check_missing(found, tokens)
    return found


def _check_missing(found: Where, tokens: Sequence[_Token]) -> None:
    here = _of(tokens, "source")
    if len(found.sources) > 1:
        raise WhereError("source_alone", here.column, "missing")
    providers = found.words["provider"].any if "provider" in found.words else None
    if providers is None or len(providers) != 1:
        raise WhereError("field_needed", tokens[-1].column, "provider", ("provider=xendit",))
    if found.since is None:
        raise WhereError("field_needed", tokens[-1].column, "since", ("since 12h",))


def _of(tokens: Sequence[_Token], field_name: str) -> _Token:
    """Where a field is named: at the beginning of a clause."""
    begins = [token for before, token in zip((None, *tokens), tokens, strict=False) if before is None or before.text.lower() == "and"]  # fmt: skip
    return next(token for token in begins if token.text.lower() == field_name)


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while match := _TOKEN.match(text, place):
        kind = match.lastgroup or ""
        column = match.start(kind) + 1
        if kind == "bad":
            problem: WhereProblem = "quote_open" if match[kind] in "'\"" else "value_expected"
            raise WhereError(problem, column, match[kind])
        quoted = kind in ("single", "double")
        found.append(_Token("quoted" if quoted else kind, match[kind], column - quoted))
        place = match.end()
    return [*found, _Token("end", "", len(text.rstrip()) + 1)]


def _clause(found: Where, tokens: Sequence[_Token], place: int, providers: Sequence[str]) -> int:
    """Takes one clause in; where the next token is."""
    name = tokens[place]
    if name.kind != "word":
        raise WhereError("field_expected", name.column, name.text, tuple(FIELDS))
    wanted = name.text.lower()
    if wanted not in FIELDS:
        near = get_close_matches(wanted, FIELDS, n=1, cutoff=0.5)
        raise WhereError("field_unknown", name.column, name.text, tuple(FIELDS), near[0] if near else "")
    operator = tokens[place + 1]
    if not FIELDS[wanted]:
        place += operator.kind == "op" and operator.text == "="
        value = _value(tokens[place + 1])
        _time(found, wanted, value)
        return place + 2
    if operator.kind != "op":
        raise WhereError("operator_expected", operator.column, operator.text, FIELDS[wanted])
    if operator.text not in FIELDS[wanted]:
        raise WhereError("operator_unfit", operator.column, operator.text, FIELDS[wanted])
    values, place = _values(tokens, place + 2)
    if wanted == "amount":
        _amount(found, operator.text, values)
        return place
    known = providers if wanted == "provider" else _CLOSED.get(wanted, ())
    for value in values:
        _check(wanted, value, known)
    given = frozenset(value.text.lower() if known or wanted == "id" else value.text for value in values)
    found.words.setdefault(wanted, Words()).add(operator.text, given)
    return place


def _values(tokens: Sequence[_Token], place: int) -> tuple[list[_Token], int]:
    values = [_value(tokens[place])]
    while tokens[place + 1].kind == "comma":
        place += 2
        values.append(_value(tokens[place]))
    return values, place + 1


def _value(token: _Token) -> _Token:
    if token.kind not in ("word", "quoted"):
        raise WhereError("value_expected", token.column, token.text)
    return token


def _check(name: str, value: _Token, known: Sequence[str]) -> None:
    if known and value.text.lower() not in known:
        near = get_close_matches(value.text.lower(), known, n=1, cutoff=0.5)
        raise WhereError("value_unknown", value.column, value.text, known, near[0] if near else "")
    if name == "id":
        try:
            uuid.UUID(value.text)
        except ValueError as error:
            raise WhereError("id_malformed", value.column, value.text) from error


def _amount(found: Where, operator: str, values: Sequence[_Token]) -> None:
    value = values[0]
    if len(values) > 1:
        raise WhereError("and_expected", values[1].column - 1, ",", ("and",))
    if not _RUPIAH.fullmatch(value.text):
        raise WhereError("amount_malformed", value.column, value.text)
    said = int(value.text)
    low = {"=": said, ">": said + 1, ">=": said}.get(operator)
    high = {"=": said, "<": said - 1, "<=": said}.get(operator)
    if low is not None:
        found.at_least = max(low, found.at_least or low)
    if high is not None:
        found.at_most = min(high, _MOST if found.at_most is None else found.at_most)


def _time(found: Where, name: str, value: _Token) -> None:
    ago = _AGO.fullmatch(value.text.lower())
    at: timedelta | datetime
    try:
        if ago:
            at = min(timedelta(**{_UNITS[ago[2]]: int(ago[1])}), _LONGEST)
        else:
            read = datetime.fromisoformat(value.text)
            at = read if read.tzinfo else read.replace(tzinfo=_ZONE)
            at.astimezone(_ZONE), at.astimezone(UTC)  # a database reads it as both
    except (ValueError, OverflowError) as error:
        raise WhereError("time_malformed", value.column, value.text) from error
    setattr(found, name, at)


def _moment(at: timedelta | datetime | None, now: datetime) -> datetime | None:
    if isinstance(at, timedelta):
        return now - at
    return at


def _pattern(value: str) -> str:
    """What contains exactly this text, for a regular expression of PostgreSQL: every character that could mean more is escaped."""
    return re.sub(r"([^\w\s])", r"\\\1", value)

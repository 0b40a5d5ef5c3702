"""How much of what a provider announces of a subscription counts, by who vouches for it: the same limits as for payments, against the price of the plan.

A webhook that only a token vouches for may begin, lengthen and change what the catalogue's limit covers. Beyond it what it announces counts as far as
payments of it, the provider's word on our asking, or a person of ours say the same (docs/adr/0066). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from datetime import datetime
from functools import reduce
from typing import NamedTuple

from msgspec.structs import replace

from processor.cases.joining import joined
from processor.cases.reports import PayerReports
from processor.grants.memberships import SLACK
from processor.policies.attesting import knows_less
from schemas.attestation import Attestation
from schemas.catalog import ProviderPolicy

GRANTING = (
    "active_at", "expires_at", "anchor", "soon", "renewed_at", "naming", "reaching", "stated", "announced_at",
)  # fmt: skip
"""Fields of reports that open something or say what is open. The others end it, or only name it."""

UNPRICED = 1
"""Rupiah that a plan without a known price is taken for: a limit of 0 grants it to nobody."""


class LevelReports(NamedTuple):
    """Reports that one level vouches for, with one name of the plan. None: an earlier program kept no level."""

    level: Attestation | None
    reports: PayerReports


class Vouched(NamedTuple):
    """What vouches beside levels: whether it was `paid` for, the ends that payments were for, the price of the dearest plan that those were for, and
    where in the log a person of ours last said whose it is (0: nobody did)."""

    paid: bool = False
    ends: Set[datetime] = frozenset()
    price: int | None = None
    claimed: int = 0


class CountedReports(NamedTuple):
    """The reports that count. `price`: rupiah of what was announced beyond them, None when nothing was; `askable`: the provider can say more of it."""

    reports: PayerReports
    price: int | None = None
    askable: bool = False


def counted(
    reports: PayerReports,
    said: Iterable[LevelReports],
    price_of: Callable[[PayerReports], int | None],
    policy: ProviderPolicy,
    vouched: Vouched,
) -> CountedReports:
    """`reports`: all of `said` and the charges, as one. `price_of`: rupiah of one period of the plan that reports name; None: not known."""
    weighing = _Weighing([*said], price_of, policy, vouched)
    kept, beyond, whole = weighing.kept()
    if whole:
        return CountedReports(reports)
    left = reduce(joined, kept) if kept else PayerReports(reports.first_position, reports.first_at)
    shown: tuple[str, ...] = ()
    if left.active_at is None and not vouched.paid:
        # It opens nothing: then what it is of may be shown.
        shown = ("naming", "reaching", "announced_at", *(() if beyond else ("expires_at",)))
    fields = {name: getattr(reports if name in shown else left, name) for name in GRANTING}
    price = max((weighing.price(one) for one in beyond), default=None)
    return CountedReports(replace(reports, **fields), price, any(knows_less(one.level) for one in beyond))


def begun(
    reports: PayerReports, said: Iterable[LevelReports], price: int | None, policy: ProviderPolicy
) -> PayerReports:
    """Of a plan whose charges give its time: usable before the first of them only where enough is known of the word that it is. `price`: of a period."""
    limits = [policy.may_grant(one.level) for one in said if one.reports.active_at is not None]
    worth = UNPRICED if price is None else price
    if not limits or any(limit is None or worth <= limit for limit in limits):
        return reports
    return replace(reports, active_at=None)


class _Weighing:
    def __init__(
        self,
        said: Sequence[LevelReports],
        price_of: Callable[[PayerReports], int | None],
        policy: ProviderPolicy,
        vouched: Vouched,
    ) -> None:
        self._said, self._price_of, self._policy, self._vouched = said, price_of, policy, vouched
        known = [price_of(one.reports) for one in said if one.reports.products]
        self._dearest = max(
            [price for price in (*known, vouched.price) if price is not None], default=UNPRICED
        )

    def kept(self) -> tuple[list[PayerReports], list[LevelReports], bool]:
        """What counts, what opens more than that, and whether everything counts."""
        first = [
            (one, self._narrowed(one, None) if self._exceeds(one, self.price(one)) else one.reports)
            for one in self._said
        ]
        together = [reports for _, reports in first if reports is not None]
        second = self._capped(first, reduce(joined, together)) if together else first
        kept = [left for _, left in second if left is not None]
        beyond = [one for one, left in second if left is not one.reports and self._opens_more(one, kept)]
        return kept, beyond, all(left is one.reports for one, left in second)

    def _opens_more(self, one: LevelReports, kept: list[PayerReports]) -> bool:
        """Whether it announced as usable what the others that count do not say: another end, or a dearer plan."""
        if one.reports.active_at is None:
            return False
        left = reduce(joined, kept) if kept else None
        if left is None or left.active_at is None:
            return True
        ends = max((stated.ends for stated in one.reports.stated), default=None)
        reached = max((stated.ends for stated in left.stated), default=None)
        longer = reached is not None and (ends is None or ends > reached + SLACK)
        named = bool(one.reports.products) and self.price(one) > (self._price_of(left) or 0)
        return longer or named

    def price(self, one: LevelReports) -> int:
        """Of what names no plan, the dearest that it could mean."""
        if not one.reports.products:
            return self._dearest
        known = self._price_of(one.reports)
        return UNPRICED if known is None else known

    def _exceeds(self, one: LevelReports, price: int) -> bool:
        limit = self._policy.may_grant(one.level)
        return limit is not None and price > limit

    def _capped(
        self, kept: list[tuple[LevelReports, PayerReports | None]], together: PayerReports
    ) -> list[tuple[LevelReports, PayerReports | None]]:
        """A weak word about a cheaper plan does not lengthen the dearer one that is in force."""
        price = self._price_of(together) if together.products else None
        sure = [left for one, left in kept if left and price is not None and not self._exceeds(one, price)]
        until = max((stated.ends for left in sure for stated in left.stated), default=None)
        if price is None or until is None:
            return kept
        return [
            (one, self._narrowed(one, until) if left is not None and self._exceeds(one, price) else left)
            for one, left in kept
        ]

    def _narrowed(self, one: LevelReports, until: datetime | None) -> PayerReports | None:
        """The same with no more than what others vouch for, None when they vouch for nothing of it. `until`: that far others said so."""
        told = one.reports
        claimed = self._vouched.claimed
        if not told.stated and told.first_position < claimed:
            return told
        stated = [
            one
            for one in told.stated
            if one.ends in self._vouched.ends
            or one.first_position < claimed
            or (until is not None and one.ends <= until)
        ]
        if not stated:
            return None
        if stated == told.stated:
            return told
        since = max(time for end in stated for time in end.times)
        return replace(
            told,
            stated=stated,
            active_at=since,
            expires_at=max(end.ends for end in stated),
            soon=None,
            renewed_at=None,
        )

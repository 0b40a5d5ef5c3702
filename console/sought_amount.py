"""An amount as people write it, and an amount with a day: what a customer knows who knows nothing else. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from console.times import WIB

_RUPIAH = re.compile(r"(?:(?:rp|idr)\.?\s*)?(\d{1,3}(?:[.,]\d{3})+|\d{4,15})(?:,00|\.00)?\Z", re.IGNORECASE)
_SHORT = re.compile(r"(?:(?:rp|idr)\.?\s*)?(\d{1,6}(?:[.,]\d{1,3})?)\s*(rb|ribu|k|jt|juta)\Z", re.IGNORECASE)
_WORTH = {"rb": 1_000, "ribu": 1_000, "k": 1_000, "jt": 1_000_000, "juta": 1_000_000}
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z")
_LOCAL = re.compile(r"(\d{1,2})[-/.](\d{1,2})(?:[-/.](\d{4}))?\Z")
_DAYS = {"today": 0, "hari ini": 0, "yesterday": 1, "kemarin": 1}
_BETWEEN = re.compile(r"\s+(?:on|at|pada|tanggal|tgl|@)\s+|\s*,\s+|\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SoughtAmount:
    """`amount` in whole rupiah; `since` and `until` bound the day in WIB, None when no day is named."""

    amount: int
    since: datetime | None = None
    until: datetime | None = None


def sought_amount(what: str, now: datetime) -> SoughtAmount | None:
    """`50000`, `Rp 50.000`, `75rb`; with a day on either side: `50000 2026-11-29`, `29/11 Rp 50.000`, `75rb kemarin`. Other text is none."""
    alone = as_rupiah(what)
    if alone is not None:
        return SoughtAmount(alone)
    for between in _BETWEEN.finditer(what):
        left, right = what[: between.start()].strip(), what[between.end() :].strip()
        for said, named in ((left, right), (right, left)):
            amount, day = as_rupiah(said), as_day(named, now)
            if amount is not None and day is not None:
                begins = datetime.combine(day, time(), WIB)
                return SoughtAmount(amount, begins, begins + timedelta(days=1))
    return None


def as_rupiah(what: str) -> int | None:
    """`50000`, `Rp 50.000`, `50,000`, `50rb` and `0,05 juta` are fifty thousand; other text is no amount."""
    match = _RUPIAH.match(what.strip())
    if match:
        return int(re.sub(r"[.,]", "", match[1]))
    short = _SHORT.match(what.strip())
    if short is None:
        return None
    worth = Decimal(short[1].replace(",", ".")) * _WORTH[short[2].lower()]
    return int(worth) if worth and worth == worth.to_integral_value() else None


def as_day(what: str, now: datetime) -> date | None:
    """A day in WIB: `2026-11-29`, `29-11-2026`, `29/11`, `today`, `kemarin`. Without a year the last one there was."""
    today = now.astimezone(WIB).date()
    said = " ".join(what.lower().split())
    if said in _DAYS:
        return today - timedelta(days=_DAYS[said])
    iso, local = _ISO.match(said), _LOCAL.match(said)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if local and local[3]:
            return date(int(local[3]), int(local[2]), int(local[1]))
        if local:
            this = date(today.year, int(local[2]), int(local[1]))
            return this if this <= today else this.replace(year=today.year - 1)
    except ValueError:
        return None
    return None

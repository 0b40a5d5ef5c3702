"""From units of a meter to tokens, by the rate in force: exact, whole, and without drift however use is cut into pieces. Pure."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from schemas.catalog import Catalog
from schemas.credit_events import MeteredUse
from schemas.problem_reasons import Reason
from schemas.problems import Problem


def metered(
    catalog: Catalog, meter: str, units: int, carried: tuple[int, int] | None, now: datetime
) -> tuple[int, MeteredUse]:
    """Whole tokens that are due with this use, and how they came about. `carried`: what was left of the uses before. Raises Problem for a meter without a rate.

    Only whole tokens are counted; the part that is left is carried on, also over a change of the rate. So of many uses the sum is that of one, less than a
    token apart.
    """
    rate = catalog.credit.spend_rate_at(meter, now)
    if rate is None:
        raise Problem("invalid_body", field="meter", reason=Reason("meter_unknown"))
    due = Fraction(units * rate.tokens, rate.units) + Fraction(*(carried or (0, 1)))
    tokens = due.numerator // due.denominator
    left = due - tokens
    return tokens, MeteredUse(
        meter=meter,
        units=units,
        tokens=rate.tokens,
        per=rate.units,
        since=rate.since,
        catalog_version=catalog.version,
        carried=(left.numerator, left.denominator),
    )

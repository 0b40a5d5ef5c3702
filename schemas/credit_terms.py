"""What the catalogue says of prepaid credit."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.catalog_words import CatalogPart, Count, Duration, Identifier, Moment, Rupiah
from schemas.decision_model import LatePayment


class DatedRate(CatalogPart):
    """What a rupiah buys from then on. `since`: a moment with its zone, or a day, which begins in Jakarta."""

    since: Moment
    tokens_per_idr: Count


class SpendRate(CatalogPart):
    """What use of a meter costs from then on: `tokens` of credit for every `units` of it. Without `since` it counts from the beginning."""

    meter: Identifier
    since: Moment | None = None
    tokens: Count
    units: Count = 1


class Credit(CatalogPart):
    """Prepaid credit: tokens bought per rupiah (`rates`: from given moments on; before the first of them `tokens_per_idr`), what use of each meter
    costs (`spend_rates`), what our checkout offers, and what becomes of credit that was spent before its money went back.

    `refund_after_spend`: `debt` (later top-ups cover it), `freeze` (an operator must look before anything is spent again), `forgive` (as debt,
    until an operator approves that it is our loss). `late`: what becomes of a top-up that is paid after its request has ended: `honour` (it is credited
    at once), `hold` (a person decides), `refund` (held as well, and meant to go back). `overpaid`: of more than we asked for, `keep` (all of it is
    credited) or `hold` (what is over waits for a person).
    """

    tokens_per_idr: Count = 10
    rates: tuple[DatedRate, ...] = ()
    spend_rates: tuple[SpendRate, ...] = ()
    topup_amounts_idr: tuple[Rupiah, ...] = (25000, 50000, 100000)
    topup_expiry: dict[str, Duration] = Field(default_factory=dict)
    low_balance_tokens: Rupiah = 0
    refund_after_spend: Literal["debt", "freeze", "forgive"] = "debt"
    late: LatePayment = "honour"
    overpaid: Literal["keep", "hold"] = "keep"

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        since = [rate.since for rate in self.rates]
        if any(later <= before for before, later in pairwise(since)):
            raise ValueError("rates follow each other: each begins later than the one before it")
        return self

    @model_validator(mode="after")
    def _meters_in_order(self) -> Self:
        newest: dict[str, datetime | None] = {}
        for rate in self.spend_rates:
            before = newest.get(rate.meter)
            if rate.meter in newest and (rate.since is None or (before is not None and rate.since <= before)):
                raise ValueError(
                    "spend_rates of a meter follow each other: each begins later than the one before it"
                )
            newest[rate.meter] = rate.since
        return self

    def spend_rate_at(self, meter: str, moment: datetime) -> SpendRate | None:
        """What use of it costs then; None: nothing is said of it yet."""
        begun = [
            one
            for one in self.spend_rates
            if one.meter == meter and (one.since is None or one.since <= moment)
        ]
        return begun[-1] if begun else None

    def rate_at(self, moment: datetime | None) -> int:
        """Tokens that a rupiah buys then; of a moment that nobody knows, the first rate."""
        begun = [rate.tokens_per_idr for rate in self.rates if moment is not None and rate.since <= moment]
        return begun[-1] if begun else self.tokens_per_idr

"""Every projection this program can feed, by name and revision."""

from __future__ import annotations

from projections.folds.backing import BACKING
from projections.folds.balances import BALANCES
from projections.folds.customers import CUSTOMERS
from projections.folds.enrollments import ENROLLMENTS
from projections.folds.ledger import LEDGER
from projections.folds.payments import PAYMENTS
from projections.folds.spending import SPENDING
from projections.folds.subscriptions import SUBSCRIPTIONS
from projections.folds.suspense import SUSPENSE
from projections.folds.tiers import TIERS
from projections.projection import Projection

PROJECTIONS: tuple[Projection, ...] = (
    CUSTOMERS,
    BALANCES,
    SUBSCRIPTIONS,
    ENROLLMENTS,
    PAYMENTS,
    SUSPENSE,
    LEDGER,
    BACKING,
    SPENDING,
    TIERS,
)

BY_NAME: dict[str, Projection] = {projection.name: projection for projection in PROJECTIONS}

"""What an operator names a product by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.exits import WrongUse
from console.messages import text
from processor.fulfilment.catalog_source import read_catalog

if TYPE_CHECKING:
    from runtime.settings import Settings

CREDIT = "credit"


def check_product(settings: Settings, product: str | None) -> None:
    """Raises WrongUse for a product nobody sells: money must not be granted to a spelling mistake."""
    if product is None or product == CREDIT:
        return
    known = [each.id for each in read_catalog(settings).products]
    if product not in known:
        raise WrongUse(text("suspense.no_product", product=product, known=", ".join([CREDIT, *known])))

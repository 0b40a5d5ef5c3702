"""Sales: money for something that grants nothing by itself, or for periods of a plan (processor/grants/plans.py)."""

from __future__ import annotations

from processor.grants import postings
from processor.grants.ledger import BookedPart, Said
from schemas.corrections import SaleWithdrawn
from schemas.decisions import SaleRecorded, SaleRefunded


def grant(entry: BookedPart) -> Said:
    """Book the money as earned."""
    part = entry.part
    yield entry.granted(
        SaleRecorded,
        product=part.product,
        amount_idr=part.rupiah,
        quantity=part.quantity,
        terms=part.terms,
        postings=postings.sold(entry.provider, part.product, part.amount),
    )


def take_back(entry: BookedPart, refund_id: str, share: int, _: int) -> Said:
    """Money of a sale went back."""
    product = entry.part.product
    back = postings.sale_returned(entry.provider, product, share)
    yield entry.taken_back(SaleRefunded, refund_id, share, product=product, postings=back)


def withdraw(entry: BookedPart) -> Said:
    """It was never due."""
    part = entry.part
    back = postings.sale_returned(entry.provider, part.product, part.left)
    yield entry.withdrawn(SaleWithdrawn, product=part.product, amount_idr=part.rupiah, postings=back)

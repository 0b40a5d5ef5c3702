"""Sales: money for something that grants nothing by itself, or for periods of a plan (processor/grants/plans.py)."""

from __future__ import annotations

from processor.cases.payment_record import Granted
from processor.grants import postings
from processor.grants.ledger import Ledger, Said
from schemas.corrections import SaleWithdrawn
from schemas.decisions import SaleRecorded, SaleRefunded


def grant(ledger: Ledger, key: str, part: Granted) -> Said:
    """Book the money as earned."""
    yield ledger.of_customer(
        part,
        SaleRecorded(
            **ledger.granting(key, part),
            product=part.product,
            amount_idr=part.rupiah,
            at=ledger.at(part),
            quantity=part.quantity,
            terms=part.terms,
            postings=postings.sold(ledger.facts.provider, part.product, part.amount),
        ),
    )


def take_back(ledger: Ledger, key: str, part: Granted, refund_id: str, share: int, _: int) -> Said:
    """Money of a sale went back."""
    yield ledger.of_customer(
        part,
        SaleRefunded(
            **ledger.about(key, part),
            refund_id=refund_id,
            product=part.product,
            amount_idr=share,
            at=ledger.facts.refunds[refund_id].at,
            postings=postings.sale_returned(ledger.facts.provider, part.product, share),
        ),
    )


def withdraw(ledger: Ledger, key: str, part: Granted) -> Said:
    """It was never due."""
    yield ledger.of_customer(
        part,
        SaleWithdrawn(
            **ledger.about(key, part),
            product=part.product,
            amount_idr=part.rupiah,
            reason=ledger.reason,
            at=ledger.world.now,
            postings=postings.sale_returned(ledger.facts.provider, part.product, part.left),
        ),
    )

"""What decisions did with money, for the metrics: rupiah by provider and movement, read off their postings. Pure.

A payment that is held and claimed later is `held`, `released` and `credited`; what it was withdrawn from for a better grant is `withdrawn`, and granted
again. Who wants to know what came in takes the movement of `clearing` (`lunas_ledger_rupiah`) and adds what was refunded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from schemas.decision_model import Posting, ValueMoved
from schemas.event_model import EventModel

Movement = Literal["credited", "sold", "refunded", "withdrawn", "held", "released", "written_off", "reopened"]
Moved = Mapping[tuple[str, Movement], int]

RUPIAH = "IDR"
# (debited, credited): kinds of accounts, before the colon.
MOVEMENTS: Mapping[tuple[str, str], Movement] = {
    ("clearing", "credit"): "credited",
    ("clearing", "sales"): "sold",
    ("credit", "clearing"): "refunded",
    ("sales", "clearing"): "refunded",
    ("refunds", "clearing"): "refunded",
    ("clearing", "suspense"): "held",
    ("suspense", "clearing"): "released",
    ("suspense", "forfeited"): "written_off",
    ("forfeited", "clearing"): "reopened",
    ("forfeited", "suspense"): "reopened",
}
OF_A_PROVIDER = frozenset({"clearing", "suspense", "refunds", "forfeited"})


def money_moved(decisions: Iterable[EventModel]) -> Moved:
    """Rupiah by provider and movement; a decision without any is left out."""
    found: Counter[tuple[str, Movement]] = Counter()
    for decision in decisions:
        if isinstance(decision, ValueMoved) and decision.postings:
            withdrawn = decision.TYPE.endswith(".withdrawn")
            for provider, movement, rupiah in _pairs(decision.postings):
                found[provider, "withdrawn" if withdrawn else movement] += rupiah
    return found


def _pairs(postings: Iterable[Posting]) -> Iterable[tuple[str, Movement, int]]:
    """Of each two legs that belong together: a debit, and the credit behind it. What has three is told by its first debit."""
    debit: Posting | None = None
    for posting in postings:
        if posting.unit != RUPIAH:
            continue
        if posting.amount > 0:
            debit = posting
        elif debit is not None:
            debited, _, one = debit.account.partition(":")
            credited, _, other = posting.account.partition(":")
            movement = MOVEMENTS.get((debited, credited))
            if movement is not None:
                yield one if debited in OF_A_PROVIDER else other, movement, min(debit.amount, -posting.amount)

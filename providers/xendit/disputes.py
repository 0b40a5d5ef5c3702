"""Facts about disputes: a payer's bank asks for its money back. Bodies are flat; newer ones may wrap them in `data`."""

from __future__ import annotations

import re
from datetime import datetime

from providers.section import Section
from providers.xendit.events import Meaning
from schemas import streams
from schemas.errors import UntranslatableError
from schemas.facts import DisputeFact, DisputeLost, DisputeOpened, DisputeWon
from schemas.translation import Fact

PROVIDER = "xendit"
MEANINGS = (Meaning.DISPUTE_OPENED, Meaning.DISPUTE_WON, Meaning.DISPUTE_LOST)

_STATES: dict[Meaning, type[DisputeFact]] = {
    Meaning.DISPUTE_OPENED: DisputeOpened,
    Meaning.DISPUTE_WON: DisputeWon,
    Meaning.DISPUTE_LOST: DisputeLost,
}
_NAME = re.compile(r"(dispute|chargeback)s?[._].+")


def meaning_of(event_name: str, data: Section) -> Meaning | None:
    """What a dispute's event means, of a name not in the table too: its status tells. None for other events."""
    if _NAME.fullmatch(event_name.lower()) is None:
        return None
    word = (data.status("status") or event_name.rpartition(".")[2]).upper()
    if word in ("WON", "REVERSED_TO_MERCHANT"):
        return Meaning.DISPUTE_WON
    return Meaning.DISPUTE_LOST if word in ("LOST", "ACCEPTED", "CHARGED_BACK") else Meaning.DISPUTE_OPENED


def dispute(meaning: Meaning, data: Section, received_at: datetime) -> Fact:
    """Raises UntranslatableError when it names no dispute or no payment, or AmountError."""
    data.require_rupiah()
    dispute_id = data.first_identifier("id", "dispute_id", "chargeback_id")
    if dispute_id is None:
        raise UntranslatableError("dispute_id_missing")
    payment_id, group = (
        data.first_identifier("payment_id", "charge_id"),
        data.identifier("payment_request_id"),
    )
    further = (data.identifier("invoice_id"), data.identifier("reference_id"))
    aliases = tuple(dict.fromkeys(one for one in (payment_id, group, *further) if one is not None))
    if not aliases:
        raise UntranslatableError("payment_id_missing")
    occurred = data.moment("updated", "created")
    event = _STATES[meaning](
        provider=PROVIDER,
        payment_key=aliases[0],
        dispute_id=dispute_id,
        attempt_id=payment_id,
        group_id=group,
        aliases=aliases,
        amount=data.amount_if_any("dispute_amount", "amount"),
        reason=data.text("reason") or data.text("reason_code"),
        provider_status=data.status("status"),
        token_only=True,
        occurred_at=occurred or received_at,
        timed=occurred is not None,
    )
    return Fact(streams.payment(PROVIDER, aliases[0]), event)

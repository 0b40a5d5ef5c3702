"""An example of everything the calls about held money take and answer."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from schemas import suspense_api as s

_ID = "sus_bed16342bed83618"
_READ = {"position": 61, "lag_seconds": 0.0}
_WORD = {"id": _ID, "act_id": "019bbf5d-6a1a-7766-9f45-4356d2ce9f70", "undoable": True, "position": 61}
_SPOKEN = {"by": "sari"}
_SINCE = "2026-01-15T07:26:00Z"

SUSPENSE_EXAMPLES: dict[type[BaseModel], dict[str, Any]] = {
    s.SuspenseClaimBody: {
        "customer_id": "budi",
        "reason": "Budi sent the transfer's receipt",
        "product": "credit",
        **_SPOKEN,
    },
    s.SuspenseUndoBody: {"reason": "that was another Budi", **_SPOKEN},
    s.SuspenseWriteOffBody: {"reason": "the payer does not answer since a year", **_SPOKEN},
    s.SuspenseRefundBody: {
        "reason": "paid twice",
        "amount": 20000,
        "proof": "BCA transfer 0612-7741 of 2026-01-16",
        **_SPOKEN,
    },
    s.OneSuspense: {
        "id": _ID,
        "reason": "customer_unknown",
        "provider": "xendit",
        "provider_payment_id": "py-2b4c4a87",
        "amount": 60000,
        "payer_email": "siapa@example.com",
        "customer_id": None,
        "product": None,
        "since": _SINCE,
        "stale": False,
        "status": "held",
        "resolution": None,
        "released_at": None,
        "released_by": None,
        "acts": [],
        "going_back": None,
        "rest": None,
        "undoable": False,
        **_READ,
    },
    s.SuspenseCandidates: {
        "id": _ID,
        "items": [
            {
                "customer_id": "budi",
                "score": 40,
                "strength": "likely",
                "reasons": [
                    {
                        "reason": "open_request",
                        "points": 30,
                        "explained": "this customer alone was asked for Rp 60,000 (req_019bbf5d6a1577a7878a214734d2fcfb), 4 minutes before, "
                        "and has not paid it",
                    },
                    {
                        "reason": "open_request_channel",
                        "points": 10,
                        "explained": "by the same means of payment",
                    },
                ],
            }
        ],
        **_READ,
    },
    s.SuspenseWord: _WORD | {"done": "claimed"},
    s.SuspenseAgeing: {
        "count": 1,
        "amount": 60000,
        "oldest": _SINCE,
        "items": [
            {
                "provider": "xendit",
                "from_hours": 0,
                "to_hours": 24,
                "count": 1,
                "amount": 60000,
                "unknown": 0,
                "oldest": _SINCE,
            }
        ],
        **_READ,
    },
}

"""Manual payments come from an operator's command, never over HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from multidict import MultiMapping

from providers.verification import Rejected, RejectionCause, Verified


def verify(headers: MultiMapping[str], body: bytes, secrets: Sequence[str]) -> Verified | Rejected:
    """Refuse: no request can speak for an operator."""
    return Rejected(RejectionCause.NO_SECRET_CONFIGURED)

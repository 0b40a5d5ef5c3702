"""What people say of a case, by its key."""

from __future__ import annotations

from schemas.facts import SuspenseFact
from schemas.payment_words import PaymentWord

CaseWord = SuspenseFact | PaymentWord

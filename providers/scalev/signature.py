"""Scalev signs the raw body: base64 of HMAC-SHA256 under the signing secret (https://docs.scalev.com/en/verifying-a-webhook-request)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from multidict import MultiMapping

from providers.section import Section
from providers.verification import Rejected, Verified, refused_by_head, verify_hmac_sha256

HEADER = "x-scalev-hmac-sha256"


def verify(headers: MultiMapping[str], body: bytes, secrets: Sequence[str]) -> Verified | Rejected:
    """Compare the signature of the bytes as received."""
    return verify_hmac_sha256(headers, HEADER, body, secrets)


def by_head(headers: MultiMapping[str], secrets: Sequence[str]) -> Rejected | None:
    """A signature that is missing or malformed fits no body."""
    return refused_by_head(headers, HEADER, secrets)


def signed_at(document: Section) -> datetime | None:
    """`timestamp` of the envelope, which the signature covers. It stays the same when Scalev sends the event again."""
    return document.moment("timestamp")

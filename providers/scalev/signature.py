"""Scalev signs the raw body: base64 of HMAC-SHA256 under the signing secret (https://docs.scalev.com/en/verifying-a-webhook-request)."""

from __future__ import annotations

from collections.abc import Sequence

from multidict import MultiMapping

from providers.verification import Rejected, Verified, verify_hmac_sha256

HEADER = "x-scalev-hmac-sha256"


def verify(headers: MultiMapping[str], body: bytes, secrets: Sequence[str]) -> Verified | Rejected:
    """Compare the signature of the bytes as received."""
    return verify_hmac_sha256(headers, HEADER, body, secrets)

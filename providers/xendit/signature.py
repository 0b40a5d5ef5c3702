"""Xendit authenticates webhooks by a fixed token in a header; the body is not signed."""

from __future__ import annotations

from collections.abc import Sequence

from multidict import MultiMapping

from providers.verification import Rejected, Verified, verify_static_token

HEADER = "x-callback-token"


def verify(headers: MultiMapping[str], body: bytes, secrets: Sequence[str]) -> Verified | Rejected:
    """Compare the token; `body` plays no part in it."""
    return verify_static_token(headers, HEADER, secrets)


def by_head(headers: MultiMapping[str], secrets: Sequence[str]) -> Verified | Rejected:
    """The token is all there is: the body changes nothing."""
    return verify_static_token(headers, HEADER, secrets)

"""A simulated webhook with another body, signed anew; and one whose credential is wrong."""

from __future__ import annotations

from dataclasses import replace

from providers.mayar.signature import HEADER as MAYAR_HEADER
from providers.scalev.signature import HEADER as SCALEV_HEADER
from providers.simulated import SimulatedWebhook
from providers.verification import sign_hmac_sha256
from providers.xendit.signature import HEADER as XENDIT_HEADER

_TOKENS = {"xendit": XENDIT_HEADER, "mayar": MAYAR_HEADER}
"""Providers whose credential is the secret itself, whatever the body."""


def with_body(webhook: SimulatedWebhook, body: bytes, secret: str) -> SimulatedWebhook:
    """The webhook with these bytes, vouched for as its provider does."""
    header = _TOKENS.get(webhook.provider)
    vouching = {header: secret} if header else {SCALEV_HEADER: sign_hmac_sha256(body, secret)}
    return replace(webhook, body=body, headers={**webhook.headers, **vouching})


def tampered(webhook: SimulatedWebhook) -> SimulatedWebhook:
    """As a stranger would send it: a signed body changed on the way, or a token that is guessed."""
    header = _TOKENS.get(webhook.provider)
    if header is None:
        return replace(webhook, body=webhook.body.replace(b":", b": ", 1))
    guessed = webhook.headers[header][::-1] + "x"
    return replace(webhook, headers={**webhook.headers, header: guessed})

"""Signed webhooks for the development secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac

XENDIT = {"x-callback-token": "dev-xendit-secret"}
MAYAR = {"x-callback-token": "dev-mayar-secret"}
BODY = b'{"event": "payment.capture", "data": {"payment_id": "py-1", "amount": 50000}}'


def scalev(body: bytes, secret: str = "dev-scalev-secret") -> dict[str, str]:
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return {"X-Scalev-Hmac-Sha256": base64.b64encode(mac).decode()}


def secret_id(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:12]


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body

"""F55: no bit of a signed body can change unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from multidict import CIMultiDict

from providers.registry import PROVIDERS
from providers.verification import HMAC_SHA256, Rejected, RejectionCause, Verified, sign_hmac_sha256
from tests.unit.providers.webhooks import FIXTURES

# Scalev's header for this body and secret, computed by hand from the description at https://docs.scalev.com.
SECRET = "contoh-signing-secret"
BODY = (
    b'{"event":"business.test_event","unique_id":"event_Contoh0000000000000000aa",'
    b'"timestamp":"2026-05-01T01:00:00.000001Z","data":{}}'
)
HEADERS = CIMultiDict({"X-Scalev-Hmac-Sha256": "oKrHuJJWIN1nRkLhT7FSKbXYC5fGhM2XloCatu9zNHI="})


def verify(body: bytes, headers: CIMultiDict[str] = HEADERS) -> Verified | Rejected:
    return PROVIDERS["scalev"].verify(headers, body, (SECRET,))


def test_the_golden_body_is_authentic() -> None:
    assert isinstance(verify(BODY), Verified)


def test_every_single_bit_flip_of_the_body_is_refused() -> None:
    for bit in range(len(BODY) * 8):
        flipped = bytearray(BODY)
        flipped[bit // 8] ^= 1 << (bit % 8)
        assert verify(bytes(flipped)) == Rejected(RejectionCause.WRONG_CREDENTIAL), bit


def test_every_changed_character_of_the_signature_is_refused() -> None:
    signature = HEADERS["X-Scalev-Hmac-Sha256"]
    for index, character in enumerate(signature):
        other = "A" if character != "A" else "B"
        changed = CIMultiDict({"X-Scalev-Hmac-Sha256": signature[:index] + other + signature[index + 1 :]})
        assert isinstance(verify(BODY, changed), Rejected), index


def test_c04_a_proxy_that_rewrites_the_json_breaks_the_signature() -> None:
    for other in (BODY + b"\n", BODY.replace(b":", b": "), b"\xef\xbb\xbf" + BODY, BODY[:-1], b""):
        assert isinstance(verify(other), Rejected)


SIGNED = sorted(
    path
    for path in FIXTURES.glob("*/*.json")
    if path.parent.name in PROVIDERS and path.parent.name not in ("xendit", "mayar", "manual")
)


def test_whoever_signs_bodies_is_looked_at() -> None:
    """A provider that gets a signature later gets these tests with it; the others prove nothing about a body."""
    by_token = {"xendit", "mayar"}
    body = b"{}"
    for name, provider in PROVIDERS.items():
        headers = CIMultiDict(
            {"X-Scalev-Hmac-Sha256": sign_hmac_sha256(body, SECRET), "X-Callback-Token": SECRET}
        )
        verdict = provider.verify(headers, body, (SECRET,))
        signs = isinstance(verdict, Verified) and verdict.scheme == HMAC_SHA256
        assert signs == (name not in by_token | {"manual"}), name
    assert {path.parent.name for path in SIGNED} == {"scalev"}


@pytest.mark.parametrize("path", SIGNED, ids=lambda path: path.stem)
def test_every_single_bit_flip_of_a_recorded_body_is_refused(path: Path) -> None:
    provider, body = PROVIDERS[path.parent.name], bytearray(path.read_bytes())
    headers = CIMultiDict({"X-Scalev-Hmac-Sha256": sign_hmac_sha256(bytes(body), SECRET)})
    refused = Rejected(RejectionCause.WRONG_CREDENTIAL)
    assert isinstance(provider.verify(headers, bytes(body), (SECRET,)), Verified)
    for place in range(len(body)):
        for bit in range(8):
            body[place] ^= 1 << bit
            assert provider.verify(headers, bytes(body), (SECRET,)) == refused, (place, bit)
            body[place] ^= 1 << bit


@pytest.mark.parametrize("path", SIGNED[:6], ids=lambda path: path.stem)
def test_every_single_bit_flip_of_a_signature_is_refused(path: Path) -> None:
    """Also those that are no base64 any more, or another spelling of the same bytes."""
    provider, body = PROVIDERS[path.parent.name], path.read_bytes()
    signature = sign_hmac_sha256(body, SECRET).encode()
    for place in range(len(signature)):
        for bit in range(8):
            flipped = bytearray(signature)
            flipped[place] ^= 1 << bit
            shown = flipped.decode("utf-8", "surrogateescape")
            headers = CIMultiDict({"X-Scalev-Hmac-Sha256": shown})
            assert isinstance(provider.verify(headers, body, (SECRET,)), Rejected), (place, bit)
            assert isinstance(provider.by_head(headers, (SECRET,)), Rejected | None)


@pytest.mark.parametrize("name", ["xendit", "mayar"])
def test_every_single_bit_flip_of_a_token_is_refused(name: str) -> None:
    for place in range(len(SECRET)):
        for bit in range(8):
            flipped = bytearray(SECRET.encode())
            flipped[place] ^= 1 << bit
            headers = CIMultiDict({"x-callback-token": flipped.decode("utf-8", "surrogateescape")})
            assert isinstance(PROVIDERS[name].verify(headers, b"{}", (SECRET,)), Rejected), (place, bit)

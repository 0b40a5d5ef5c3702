"""F55: no bit of a signed body can change unnoticed."""

from __future__ import annotations

from multidict import CIMultiDict

from providers.registry import PROVIDERS
from providers.verification import Rejected, RejectionCause, Verified

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

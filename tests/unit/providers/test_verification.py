"""Credentials: only the genuine one passes, over the bytes as received, whatever else is wrong (cases C01 to C04, C08)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from providers.registry import PROVIDERS
from providers.verification import Rejected, RejectionCause, Verified, secret_id, sign_hmac_sha256

SCALEV = PROVIDERS["scalev"]
SAMPLES = Path(__file__).parents[2] / "fixtures" / "providers" / "scalev"
BODY = (
    b'{"event":"business.test_event","unique_id":"event_Contoh0000000000000000aa",'
    b'"timestamp":"2026-05-01T01:00:00.000001Z","data":{}}'
)
SECRET = "contoh-signing-secret"
SIGNATURE = "oKrHuJJWIN1nRkLhT7FSKbXYC5fGhM2XloCatu9zNHI="
TOKEN_PROVIDERS = [PROVIDERS["xendit"], PROVIDERS["mayar"]]
by_token = pytest.mark.parametrize("provider", TOKEN_PROVIDERS, ids=lambda provider: provider.name)


def headers(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


def scalev(signature: str, body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,)) -> Verified | Rejected:
    return SCALEV.verify(headers(("X-Scalev-Hmac-Sha256", signature)), body, secrets)


def test_c01_the_known_vector_is_accepted_and_names_its_secret() -> None:
    expected = hashlib.sha256(SECRET.encode()).hexdigest()[:12]
    assert scalev(SIGNATURE) == Verified("hmac_sha256", expected)


@by_token
def test_c02_a_valid_token_is_accepted_as_static_token(provider) -> None:
    verdict = provider.verify(headers(("X-CALLBACK-TOKEN", "rahasia")), b"anything", ["rahasia"])
    assert verdict == Verified("static_token", secret_id("rahasia"))
    assert provider.token_only


@by_token
@pytest.mark.parametrize(
    ("pairs", "cause"),
    [
        ([], RejectionCause.MISSING_CREDENTIAL),
        ([("x-callback-token", "")], RejectionCause.EMPTY_CREDENTIAL),
        ([("x-callback-token", " \t ")], RejectionCause.EMPTY_CREDENTIAL),
        ([("x-callback-token", "Rahasia")], RejectionCause.WRONG_CREDENTIAL),
        ([("x-callback-token", "rahasi")], RejectionCause.WRONG_CREDENTIAL),
        ([("x-callback-token", "rahasia,rahasia")], RejectionCause.WRONG_CREDENTIAL),
        ([("x-callback-token", "raha sia")], RejectionCause.MALFORMED_CREDENTIAL),
        ([("x-callback-token", "raha\tsia")], RejectionCause.MALFORMED_CREDENTIAL),
        (
            [("x-callback-token", "rahasia"), ("X-Callback-Token", "rahasia")],
            RejectionCause.DUPLICATE_CREDENTIAL,
        ),
        ([("authorization", "Bearer rahasia")], RejectionCause.MISSING_CREDENTIAL),
    ],
)
def test_c03_every_wrong_token_is_refused_with_its_cause(provider, pairs, cause) -> None:
    assert provider.verify(headers(*pairs), b"{}", ["rahasia"]) == Rejected(cause)


@by_token
def test_c03_blanks_around_the_http_value_do_not_belong_to_it(provider) -> None:
    assert isinstance(
        provider.verify(headers(("x-callback-token", " rahasia\t")), b"{}", ["rahasia"]), Verified
    )


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)
@pytest.mark.parametrize("secrets", [(), ("",)])
@pytest.mark.parametrize("value", [None, "", "apa saja"])
def test_c03_an_unset_secret_refuses_everything(provider, secrets, value) -> None:
    pairs = [] if value is None else [("x-callback-token", value), ("x-scalev-hmac-sha256", value)]
    assert provider.verify(headers(*pairs), b"{}", secrets) == Rejected(RejectionCause.NO_SECRET_CONFIGURED)


@pytest.mark.parametrize(
    ("signature", "cause"),
    [
        ("", RejectionCause.EMPTY_CREDENTIAL),
        ("bukan base64!", RejectionCause.MALFORMED_CREDENTIAL),
        ("bukan-base64", RejectionCause.MALFORMED_CREDENTIAL),
        (SIGNATURE.rstrip("="), RejectionCause.MALFORMED_CREDENTIAL),
        (SIGNATURE.replace("I=", "J="), RejectionCause.MALFORMED_CREDENTIAL),
        (base64.b64decode(SIGNATURE).hex(), RejectionCause.MALFORMED_CREDENTIAL),
        (base64.urlsafe_b64encode(b"\xff" * 32).decode(), RejectionCause.MALFORMED_CREDENTIAL),
        (base64.b64encode(b"\0" * 31).decode(), RejectionCause.MALFORMED_CREDENTIAL),
        (base64.b64encode(b"\0" * 32).decode(), RejectionCause.WRONG_CREDENTIAL),
        (SIGNATURE[:8].swapcase() + SIGNATURE[8:], RejectionCause.WRONG_CREDENTIAL),
    ],
)
def test_c03_every_wrong_signature_is_refused_with_its_cause(signature, cause) -> None:
    assert scalev(signature) == Rejected(cause)


def test_c04_a_body_changed_in_any_bit_after_signing_is_refused() -> None:
    signature = base64.b64decode(sign_hmac_sha256(BODY, SECRET))
    given_headers = headers(("X-Scalev-Hmac-Sha256", base64.b64encode(signature).decode()))
    for position in range(len(BODY) * 8):
        changed = bytearray(BODY)
        changed[position // 8] ^= 1 << position % 8
        assert SCALEV.verify(given_headers, bytes(changed), [SECRET]) == Rejected(
            RejectionCause.WRONG_CREDENTIAL
        )


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_c04_a_body_serialised_again_by_a_proxy_is_refused(path: Path) -> None:
    body = path.read_bytes()
    signature = base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
    assert isinstance(scalev(signature, body), Verified)
    again = json.dumps(json.loads(body)).encode()
    assert scalev(signature, again) == Rejected(RejectionCause.WRONG_CREDENTIAL)
    for changed in (body + b" ", body[:-1], b" " + body, body.replace(b"\n", b"\r\n")):
        assert scalev(signature, changed) == Rejected(RejectionCause.WRONG_CREDENTIAL)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_c04_no_byte_of_a_recorded_body_can_change_in_any_bit(path: Path) -> None:
    body = path.read_bytes()
    signature = headers(("X-Scalev-Hmac-Sha256", sign_hmac_sha256(body, SECRET)))
    assert isinstance(SCALEV.verify(signature, body, [SECRET]), Verified)
    changed = bytearray(body)
    for position in range(len(body)):
        bit = 1 << position % 8
        changed[position] ^= bit
        assert isinstance(SCALEV.verify(signature, bytes(changed), [SECRET]), Rejected)
        changed[position] ^= bit


def test_c08_in_rotation_both_secrets_pass_and_the_one_that_matched_is_recorded() -> None:
    secrets = ("lama", "baru", "baru")
    for secret in ("lama", "baru"):
        assert scalev(sign_hmac_sha256(BODY, secret), BODY, secrets) == Verified(
            "hmac_sha256", secret_id(secret)
        )
    assert scalev(sign_hmac_sha256(BODY, "lama"), BODY, ("baru",)) == Rejected(
        RejectionCause.WRONG_CREDENTIAL
    )


@by_token
def test_c08_tokens_rotate_the_same_way(provider) -> None:
    lama = headers(("x-callback-token", "lama"))
    assert provider.verify(lama, b"", ["baru", "lama"]) == Verified("static_token", secret_id("lama"))
    assert provider.verify(lama, b"", ["baru"]) == Rejected(RejectionCause.WRONG_CREDENTIAL)


@given(st.lists(st.text(max_size=60), max_size=3), st.binary(max_size=40))
def test_no_invented_header_passes_and_none_raises(values: list[str], body: bytes) -> None:
    pairs = [(name, value) for name in ("x-callback-token", "x-scalev-hmac-sha256") for value in values]
    for provider in PROVIDERS.values():
        assert isinstance(provider.verify(headers(*pairs), body, ["rahasia-yang-panjang-sekali"]), Rejected)


def test_header_bytes_that_are_not_utf8_are_compared_as_they_are() -> None:
    raw = b"\xff\xfe".decode("utf-8", "surrogateescape")
    verdict = PROVIDERS["xendit"].verify(headers(("x-callback-token", raw)), b"", ["rahasia"])
    assert verdict == Rejected(RejectionCause.WRONG_CREDENTIAL)


def test_a_secret_never_shows_in_its_verdict() -> None:
    assert SECRET not in repr(scalev(SIGNATURE))


CREDENTIALS = st.sampled_from(
    ["", " ", "rahasia", "rahasi", "raha sia", "A" * 43 + "=", "A" * 44, SIGNATURE, SIGNATURE[:-1], "\udcff"]
)


@given(
    name=st.sampled_from(sorted(PROVIDERS)),
    values=st.lists(CREDENTIALS, max_size=2),
    secrets=st.lists(st.sampled_from(["", "rahasia", SECRET]), max_size=2),
    body=st.one_of(st.just(BODY), st.binary(max_size=20)),
)
def test_what_the_head_decides_is_what_any_body_gets(
    name: str, values: list[str], secrets: list[str], body: bytes
) -> None:
    provider = PROVIDERS[name]
    pairs = [(header, value) for value in values for header in ("X-Callback-Token", "X-Scalev-Hmac-Sha256")]
    by_head = provider.by_head(headers(*pairs), secrets)
    assert by_head is None or by_head == provider.verify(headers(*pairs), body, secrets)
    assert not (isinstance(by_head, Verified) and not provider.token_only)


@by_token
@pytest.mark.parametrize(("token", "accepted"), [("rahasia", True), ("rahasi", False)])
def test_a_token_is_decided_by_the_head(provider, token: str, accepted: bool) -> None:
    verdict = provider.by_head(headers(("x-callback-token", token)), ["rahasia"])
    assert isinstance(verdict, Verified if accepted else Rejected)


def test_a_signature_of_the_right_form_is_not() -> None:
    assert SCALEV.by_head(headers(("X-Scalev-Hmac-Sha256", SIGNATURE)), [SECRET]) is None
    assert SCALEV.by_head(headers(("X-Scalev-Hmac-Sha256", "short")), [SECRET]) == Rejected(
        RejectionCause.MALFORMED_CREDENTIAL
    )

"""The frame between ingress and intake keeps every byte and refuses everything else by name."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import MAGIC, Envelope, EnvelopeError, join, pack, pack_one, unpack

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
ENVELOPES = st.builds(
    Envelope,
    delivery_id=TEXT,
    provider=TEXT,
    received_at=st.integers(min_value=0, max_value=2**53),
    scheme=TEXT,
    secret_id=TEXT,
    path=TEXT,
    body=st.binary(max_size=200),
    headers=st.dictionaries(TEXT, TEXT, max_size=4),
    replay_of=st.none() | TEXT,
    dead_letter_id=st.none() | TEXT,
    actor=st.none() | TEXT,
)


def envelope(body: bytes = b"{}", **fields: object) -> Envelope:
    values: dict[str, object] = {
        "delivery_id": "0198c0de-0000-7000-8000-000000000001",
        "provider": "xendit",
        "received_at": 1_760_000_000_000_000,
        "scheme": "static_token",
        "secret_id": "0123456789ab",
        "path": "/webhooks/xendit",
        "headers": {"content-type": "application/json"},
    }
    return Envelope(body=body, **{**values, **fields})  # type: ignore[arg-type]


@given(st.lists(ENVELOPES, min_size=1, max_size=5))
def test_unpack_is_the_inverse_of_pack(envelopes: list[Envelope]) -> None:
    assert unpack(pack(envelopes)) == envelopes


def test_the_header_is_what_the_json_encoder_writes() -> None:
    odd = 'quote " backslash \\ tab \t newline \n nul \x00 é € 🎉 lone \udcff'
    packed = pack_one(
        envelope(b"", headers={"user-agent": odd, "webhook-id": ""}, path=odd, replay_of="r", actor=odd)
    )
    header = {
        "delivery_id": "0198c0de-0000-7000-8000-000000000001",
        "provider": "xendit",
        "received_at": 1_760_000_000_000_000,
        "scheme": "static_token",
        "secret_id": "0123456789ab",
        "headers": {"user-agent": odd, "webhook-id": ""},
        "path": odd,
        "replay_of": "r",
        "actor": odd,
    }
    assert packed[4:-4] == json.dumps(header, separators=(",", ":")).encode("ascii")


def test_frames_joined_equal_a_packed_list() -> None:
    both = [envelope(b"one"), envelope(b"two")]
    assert join(pack_one(item) for item in both) == pack(both)


def test_the_layout_is_the_documented_one() -> None:
    data = pack([envelope(b"\x00raw\xff")])
    (length,) = struct.unpack(">I", data[4:8])
    header = json.loads(data[8 : 8 + length])
    assert data[:4] == b"LNS1"
    assert set(header) == {
        "delivery_id",
        "provider",
        "received_at",
        "scheme",
        "secret_id",
        "headers",
        "path",
    }
    assert data[8 + length :] == struct.pack(">I", 5) + b"\x00raw\xff"


def test_an_undecodable_header_byte_survives() -> None:
    odd = envelope(headers={"user-agent": b"caf\xe9".decode("utf-8", "surrogateescape")})
    assert unpack(pack([odd])) == [odd]


def test_packing_nothing_is_refused() -> None:
    with pytest.raises(EnvelopeError) as caught:
        pack([])
    assert caught.value.reason == "empty"


@given(st.data())
def test_a_cut_frame_is_refused_at_every_length(data: st.DataObject) -> None:
    whole = pack([envelope(b"first"), envelope(b"second")])
    boundary = len(pack([envelope(b"first")]))
    cut = data.draw(st.integers(0, len(whole) - 1).filter(lambda size: size != boundary))
    with pytest.raises(EnvelopeError):
        unpack(whole[:cut])


@given(st.binary(max_size=200))
def test_any_bytes_give_envelopes_or_an_envelope_error(junk: bytes) -> None:
    for data in (junk, MAGIC + junk):
        try:
            envelopes = unpack(data)
        except EnvelopeError:
            continue
        assert unpack(pack(envelopes)) == envelopes


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"not json", "header"),
        (b"\xff\xfe", "header"),
        (b"[" * 50_000, "header"),
        (b"[]", "header"),
        (b"{}", "header"),
        (b'{"received_at": true}', "header"),
    ],
)
def test_a_broken_header_is_named(header: bytes, reason: str) -> None:
    frame = MAGIC + struct.pack(">I", len(header)) + header + struct.pack(">I", 0)
    with pytest.raises(EnvelopeError) as caught:
        unpack(frame)
    assert caught.value.reason == reason


@pytest.mark.parametrize("name", ["delivery_id", "provider", "scheme", "secret_id", "path", "headers"])
def test_a_header_field_of_the_wrong_type_is_named(name: str) -> None:
    frame = pack_one(envelope(b""))
    (length,) = struct.unpack(">I", frame[:4])
    fields = {**json.loads(frame[4 : 4 + length]), name: 7}
    header = json.dumps(fields).encode()
    with pytest.raises(EnvelopeError) as caught:
        unpack(MAGIC + struct.pack(">I", len(header)) + header + struct.pack(">I", 0))
    assert name in caught.value.detail


def test_a_lying_length_allocates_nothing() -> None:
    with pytest.raises(EnvelopeError) as caught:
        unpack(MAGIC + struct.pack(">I", 2**32 - 1))
    assert caught.value.reason == "too_long"

"""The quarantine's own message keeps the request's bytes and refuses what is not one."""

from __future__ import annotations

import json
import struct

import pytest

from schemas.envelope import Envelope, pack
from schemas.rejection import MAGIC, Rejection, RejectionError, pack_rejection, unpack_rejection

REJECTION = Rejection(
    quarantine_id="0198c0de-0000-7000-8000-000000000001",
    provider="mayar",
    cause="wrong",
    received_at=1_760_000_000_000_000,
    remote="203.0.113.9",
    path="/webhooks/mayar",
    headers={"user-agent": "caf\udce9"},
    body=b"\x00not json\xff",
)


def test_unpack_is_the_inverse_of_pack() -> None:
    assert unpack_rejection(pack_rejection(REJECTION)) == REJECTION


def test_an_envelope_is_not_a_rejection() -> None:
    envelope = Envelope("id", "mayar", 1, "static_token", "abc", "/", b"{}")
    with pytest.raises(RejectionError):
        unpack_rejection(pack([envelope]))


@pytest.mark.parametrize("size", range(40))
def test_a_cut_message_is_refused(size: int) -> None:
    with pytest.raises(RejectionError):
        unpack_rejection(pack_rejection(REJECTION)[:size])


@pytest.mark.parametrize("header", [b"[", b"[]", b"{}", b'{"cause": 1}'])
def test_a_broken_header_is_refused(header: bytes) -> None:
    with pytest.raises(RejectionError):
        unpack_rejection(MAGIC + struct.pack(">I", len(header)) + header)


@pytest.mark.parametrize("name", ["provider", "received_at", "headers", "remote"])
def test_a_missing_field_is_refused(name: str) -> None:
    data = pack_rejection(REJECTION)
    (length,) = struct.unpack(">I", data[4:8])
    fields = json.loads(data[8 : 8 + length])
    del fields[name]
    header = json.dumps(fields).encode()
    with pytest.raises(RejectionError):
        unpack_rejection(MAGIC + struct.pack(">I", len(header)) + header)

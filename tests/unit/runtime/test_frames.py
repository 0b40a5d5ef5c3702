"""Frames that are put together by hand are those that the library would read."""

from __future__ import annotations

import pamqp.frame
import pytest
from pamqp import body, commands, header

from runtime.amqp.frames import publish_frames

HEADERS = {
    "cloudEvents:id": "7/payment/x",
    "cloudEvents:position": 2**40,
    "wäre": "é",
    "wahr": True,
    "neg": -1,
}


def frames(data: bytes) -> list[tuple[int, object]]:
    found = []
    while data:
        size, channel, frame = pamqp.frame.unmarshal(data)
        found.append((channel, frame))
        data = data[size:]
    return found


@pytest.mark.parametrize("content", [b"", b"{}", b"x" * 10_000], ids=["nothing", "little", "in parts"])
def test_the_library_reads_what_was_written(content: bytes) -> None:
    data = publish_frames(
        3, "lunas.changes", "payment.b%C3%BCdi", content, "application/json", HEADERS, content_max=4096
    )
    (one, method), (two, told), *parts = frames(data)
    assert {one, two, *(channel for channel, _ in parts)} == {3}
    assert isinstance(method, commands.Basic.Publish)
    assert (method.exchange, method.routing_key) == ("lunas.changes", "payment.b%C3%BCdi")
    assert not method.mandatory
    assert isinstance(told, header.ContentHeader)
    assert told.body_size == len(content)
    assert told.properties.content_type == "application/json"
    assert told.properties.delivery_mode == 2
    assert told.properties.headers == HEADERS
    assert all(isinstance(part, body.ContentBody) for _, part in parts)
    assert b"".join(part.value for _, part in parts if isinstance(part, body.ContentBody)) == content
    assert all(len(part.value) <= 4096 for _, part in parts if isinstance(part, body.ContentBody))


def test_a_key_that_no_frame_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="255 bytes"):
        publish_frames(1, "x", "ü" * 128, b"", "text/plain", {}, content_max=100)

"""What a journal file says about itself after crashes and rot."""

from __future__ import annotations

import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from ingress.journal.record import HEAD, PAGE_BYTES, Damage, Record, pack_head, pack_records, scan

FRAMES = [b'{"a":1}' * 40, b"{}", b"body with rec\n inside " * 3, b'{"z":"' + b"x" * 5000 + b'"}']
FILE = pack_head(7) + pack_records(7, FRAMES)
ENDS = [item.end for item in scan(FILE, 7) if isinstance(item, Record)]


def test_what_was_written_is_read_back_in_order() -> None:
    found = [item for item in scan(FILE, 7) if isinstance(item, Record)]
    assert [(item.number, item.frame) for item in found] == [*enumerate(FRAMES, start=7)]
    assert found[0].offset == HEAD.size
    assert found[-1].end == len(FILE)


def test_a_record_lies_as_its_format_says_whoever_counts_its_checksum() -> None:
    """Journals outlive programs: the checksum is the CRC-32 of zlib, of length and number, and of these and the frame."""
    written = b""
    for number, frame in enumerate(FRAMES, start=7):
        named = len(frame).to_bytes(4, "big") + number.to_bytes(8, "big")
        sums = (zlib.crc32(named), zlib.crc32(named + frame))
        written += b"rec\n" + named + b"".join(one.to_bytes(4, "big") for one in sums) + frame
    assert pack_records(7, FRAMES) == written
    assert pack_records(7, []) == b""


@given(bit=st.integers(0, len(FILE) * 8 - 1))
@settings(max_examples=400)
def test_every_flipped_bit_is_found_named_and_costs_its_own_record_alone(bit: int) -> None:
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << bit % 8
    items = list(scan(bytes(data), 7))
    (damage,) = [item for item in items if isinstance(item, Damage)]
    assert damage.offset <= bit // 8 < damage.end
    assert not damage.torn
    hit = sum(1 for end in ENDS if end <= bit // 8) if bit // 8 >= HEAD.size else None
    assert [item.number for item in items if isinstance(item, Record)] == [
        7 + index for index in range(len(FRAMES)) if index != hit
    ]


@given(length=st.integers(0, len(FILE) - 1))
@settings(max_examples=300)
def test_a_file_cut_anywhere_gives_its_whole_records_and_a_torn_end(length: int) -> None:
    items = list(scan(FILE[:length], 7))
    whole = [item for item in items if isinstance(item, Record)]
    assert [item.frame for item in whole] == FRAMES[: sum(1 for end in ENDS if end <= length)]
    damages = [item for item in items if isinstance(item, Damage)]
    assert all(damage.torn for damage in damages)
    at_a_border = length in (HEAD.size, *ENDS)
    assert len(damages) == (0 if at_a_border else 1)


@given(length=st.integers(0, len(FILE)), room=st.integers(1, 3 * PAGE_BYTES))
@settings(max_examples=300)
def test_a_write_that_stopped_in_room_made_ahead_is_torn_wherever_it_stopped(length: int, room: int) -> None:
    """The file is as long as before; what did not reach the disk reads as zeros."""
    cut = max(length, HEAD.size)
    items = list(scan(FILE[:cut] + bytes(room), 7))
    whole = [item for item in items if isinstance(item, Record)]
    assert [item.frame for item in whole] == FRAMES[: sum(1 for end in ENDS if end <= cut)]
    damages = [item for item in items if isinstance(item, Damage)]
    assert all(damage.torn for damage in damages)
    assert len(damages) == (0 if cut in (HEAD.size, *ENDS) else 1)


@given(bit=st.integers(0, len(FILE) * 8 - 1), room=st.integers(1, 20 * PAGE_BYTES))
@settings(max_examples=200)
def test_a_flipped_bit_is_what_it_is_with_room_behind_it_too(bit: int, room: int) -> None:
    data = bytearray(FILE)
    data[bit // 8] ^= 1 << bit % 8
    assert list(scan(bytes(data) + bytes(room), 7)) == list(scan(bytes(data), 7))


@given(page=st.integers(0, len(FILE) // PAGE_BYTES - 1))
def test_pages_that_never_reached_the_disk_are_torn_wherever_they_lie(page: int) -> None:
    """A power cut may keep a later page of an unfinished write and lose an earlier one."""
    padded = FILE + pack_records(11, [b"{}" * 10_000])
    data = bytearray(padded)
    start = PAGE_BYTES * (page + 1)
    data[start : start + PAGE_BYTES] = bytes(PAGE_BYTES)
    damages = [item for item in scan(bytes(data), 7) if isinstance(item, Damage)]
    assert damages
    assert all(damage.torn for damage in damages)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_accounted_for_without_an_error(data: bytes) -> None:
    items = list(scan(pack_head(1) + data, 1))
    at = HEAD.size
    for item in items:
        assert item.offset == at
        at = item.end
    # Behind that lies room for records to come.
    assert (pack_head(1) + data)[at:].strip(b"\0") == b""

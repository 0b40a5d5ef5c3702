"""The text of a QRIS code is what a payer's app accepts: fields with their lengths, and a check sum over all before it."""

from __future__ import annotations

import pytest

from providers.fakes.qris import crc16, qris


def fields(text: str) -> dict[str, str]:
    found, at = {}, 0
    while at < len(text):
        tag, length = text[at : at + 2], int(text[at + 2 : at + 4])
        found[tag] = text[at + 4 : at + 4 + length]
        at += 4 + length
    return found


def test_the_check_sum_is_that_of_the_standards_example() -> None:
    assert crc16(b"123456789") == 0x29B1


@pytest.mark.parametrize(("amount", "kind"), [(50_000, "12"), (1, "12"), (None, "11")])
def test_a_code_is_read_back_field_by_field(amount: int | None, kind: str) -> None:
    text = qris(amount, "topup-1")
    read = fields(text)
    assert (read["01"], read["53"], read["58"]) == (kind, "360", "ID")
    assert read.get("54") == (None if amount is None else str(amount))
    assert fields(read["62"]) == {"07": "topup-1"}
    assert int(read["63"], 16) == crc16(text[:-4].encode())

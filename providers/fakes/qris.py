"""The text of a QRIS code: EMVCo tag-length-value with a check sum, as a payer's app reads it. The merchant is invented."""

from __future__ import annotations

import binascii


def qris(amount: int | None, reference: str, merchant: str = "LUNAS PALSU") -> str:
    """A dynamic code for `amount`, or a static one; `reference` is its terminal label."""
    fields = [
        _field("00", "01"),
        _field("01", "11" if amount is None else "12"),
        _field(
            "26", _field("00", "ID.CO.FAKE.WWW") + _field("01", "936009180000000001") + _field("03", "UMI")
        ),
        _field("51", _field("00", "ID.CO.QRIS.WWW") + _field("02", "ID1020000000001") + _field("03", "UMI")),
        _field("52", "5817"),
        _field("53", "360"),
        *([] if amount is None else [_field("54", str(amount))]),
        _field("58", "ID"),
        _field("59", merchant),
        _field("60", "JAKARTA"),
        _field("62", _field("07", reference[-25:])),
    ]
    text = "".join(fields) + "6304"
    return f"{text}{crc16(text.encode()):04X}"


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE, as EMVCo's specification of merchant-presented codes asks for."""
    return binascii.crc_hqx(data, 0xFFFF)


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"

"""How amounts and times are written for people, in their language. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

JAKARTA = ZoneInfo("Asia/Jakarta")
_MONTHS = {
    "id": [
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}

LANGUAGES = tuple(_MONTHS)


class Spelling:
    """Of one language: `id` or `en`."""

    def __init__(self, language: str) -> None:
        self._months = _MONTHS[language]
        self._indonesian = language == "id"

    def number(self, value: int) -> str:
        """1.250.000 in Indonesian, 1,250,000 in English."""
        grouped = f"{value:,}"
        return grouped.replace(",", ".") if self._indonesian else grouped

    def rupiah(self, value: int) -> str:
        return f"Rp {self.number(value)}"

    def moment(self, value: str | datetime) -> str:
        """A time as its reader has it: in Jakarta, to the minute. Of our own JSON, or a time."""
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        local = at.astimezone(JAKARTA)
        day = f"{local.day} {self._months[local.month - 1]} {local.year}"
        return f"{day} pukul {local:%H.%M} WIB" if self._indonesian else f"{day}, {local:%H:%M} WIB"

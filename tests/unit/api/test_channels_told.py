"""Whoever asks for a top-up reads in the description every channel that may be asked for, as it is to be written."""

from __future__ import annotations

import pytest

from api.words import translate
from providers.xendit.payable import PAYABLE
from schemas.checkout_api import TopUpBody


@pytest.mark.parametrize("field", ["va_channel", "ewallet_channel"])
def test_every_channel_is_named_in_full_in_both_languages(field: str) -> None:
    told = TopUpBody.model_fields[field].description or ""
    for sentence in (told, translate(told, "id")):
        codes = {code for code, one in PAYABLE.items() if f"{one.method}_channel" == field}
        assert codes
        assert {code for code in codes if f"`{code}`" not in sentence} == set()
    assert translate(told, "id") != told

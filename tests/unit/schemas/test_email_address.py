"""What counts as an e-mail address, and its one normal form."""

from __future__ import annotations

import pytest

from schemas.email_address import LONGEST, normalise_email


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        (" Budi@Contoh.ID ", "budi@contoh.id"),
        ("budi+kelas@contoh.co.id", "budi+kelas@contoh.co.id"),
        ("o'brien_b-s.2@mail-1.contoh.id", "o'brien_b-s.2@mail-1.contoh.id"),
        ("budi..s.@contoh.id", "budi..s.@contoh.id"),
        ("bu\u0301di@m\u00fcnchen.de", "b\u00fadi@m\u00fcnchen.de"),
        ("a@b", "a@b"),
    ],
)
def test_an_address_has_one_normal_form(given: str, normal: str) -> None:
    assert normalise_email(given) == normal


@pytest.mark.parametrize(
    "given",
    [
        "a@b@c.id",
        '"a@b"@c.id',
        "@c.id",
        "a@",
        "a",
        "",
        "a b@c.id",
        "a@c .id",
        "a@.id",
        "a@c..id",
        "a@c.id.",
        "a@-c.id",
        "a@c-.id",
        "a@c.id,b@c.id",
        "budi,b@c.id",
        "<a@c.id>",
        "mailto:a@c.id",
        "a@c.id/x",
        "a@c.id\x00",
        "a\u200b@c.id",
        "a\ud800@c.id",
        "a@" + "c" * 64 + ".id",
        "a" * LONGEST + "@c.id",
        None,
        7,
        ["a@c.id"],
    ],
)
def test_what_is_no_address_is_nobodys_address(given: object) -> None:
    assert normalise_email(given) is None

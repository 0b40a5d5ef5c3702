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
        ("budi@M\u00dcNCHEN.de", "budi@xn--mnchen-3ya.de"),
        ("budi@xn--mnchen-3ya.de", "budi@xn--mnchen-3ya.de"),
        ("budi@MU\u0308NCHEN.de", "budi@xn--mnchen-3ya.de"),
        ("BUDI@stra\u00dfe.de", "budi@xn--strae-oqa.de"),
        ("stra\u00dfe@contoh.id", "stra\u00dfe@contoh.id"),
        ("a@b", "a@b"),
    ],
)
def test_an_address_has_one_normal_form(given: str, normal: str) -> None:
    assert normalise_email(given) == normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stra\u00dfe@contoh.id", "strasse@contoh.id"),
        ("o\ufb03ce@contoh.id", "office@contoh.id"),
        ("\ufb01na@contoh.id", "fina@contoh.id"),
        ("\u017fari@contoh.id", "sari@contoh.id"),
        ("\u212aartika@contoh.id", "kartika@contoh.id"),
        ("\u0130ndah@contoh.id", "indah@contoh.id"),
        ("bu\u0301di@contoh.id", "b\u00fadi@contoh.id"),
        ("\uff41ni@contoh.id", "ani@contoh.id"),
        ("\u00c9ka@contoh.id", "\u00e9ka@contoh.id"),
        ("ani@stra\u00dfe.id", "ani@strasse.id"),
        ("ani@\u212aedai.id", "ani@kedai.id"),
        ("ani@\u017fari.id", "ani@sari.id"),
        ("ani@o\ufb03ce.id", "ani@office.id"),
    ],
)
def test_mailboxes_that_differ_stay_different(one: str, other: str) -> None:
    assert normalise_email(other) is not None
    assert normalise_email(one) != normalise_email(other)


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

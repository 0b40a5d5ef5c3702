"""Ids of another store: what they become, and a file in which nothing else changes."""

from __future__ import annotations

from console.resync import misplaced, proposals, with_new_ids
from providers.scalev.shelf import StoreGood
from schemas.catalog import parse_catalog

TEXT = """\
# What we sell.\r
[[products]]\r
id = "kelas-python"      # the course\r
kind = "course"\r
title = "Kelas Python"\r
price_idr = 150000\r
scalev = { variant_unique_ids = ["variant_lama"], bundle_price_option_unique_ids = ["bpo_lama"] }  # of the old store\r
\r
[[products]]\r
id = "kelas-sql"\r
kind = "course"\r
title = "Kelas SQL"\r
price_idr = 200000\r
\r
  [products.scalev]\r
  variant_unique_ids = [\r
    "variant_sql_lama",   # batch 1\r
    "variant_tetap",\r
  ]\r
"""
GOODS = (
    StoreGood("variant", "variant_baru", "KELAS - python", 150_000),
    StoreGood("bundle", "bpo_baru", "Kelas Python", 150_000),
    StoreGood("variant", "variant_sql_baru", "Kelas SQL", 250_000),
    StoreGood("variant", "variant_tetap", "Kelas SQL (lama)", 200_000),
)


def found(*goods: StoreGood, **by_hand: str) -> dict[str, tuple[str, str | None]]:
    return {one.old: (one.how, one.new) for one in proposals(parse_catalog(TEXT), goods, by_hand)}


def test_an_id_becomes_what_has_its_name_and_its_price() -> None:
    assert found(*GOODS) == {
        "variant_lama": ("name_and_price", "variant_baru"),
        "bpo_lama": ("name_and_price", "bpo_baru"),
        "variant_sql_lama": ("other_price", None),
        "variant_tetap": ("in_store", None),
    }


def test_two_that_fit_a_price_alone_or_nothing_are_for_a_person_to_decide() -> None:
    twins = (GOODS[0], StoreGood("variant", "variant_lain", "Kelas Python", 150_000))
    assert found(*twins)["variant_lama"] == ("several", None)
    assert found(StoreGood("variant", "x", "Kelas Rust", 150_000))["variant_lama"] == ("other_name", None)
    assert found(StoreGood("bundle", "x", "Kelas Python", 150_000))["variant_lama"] == ("none", None)
    assert found(*twins, variant_lama="variant_lain")["variant_lama"] == ("by_hand", "variant_lain")
    # What the store does not have is not taken by hand either.
    assert found(*twins, variant_lama="variant_salah")["variant_lama"] == ("several", None)


def test_a_decision_by_hand_that_names_nothing_is_told_and_not_passed_over() -> None:
    seen = proposals(parse_catalog(TEXT), GOODS)
    assert (
        misplaced(seen, GOODS, {"variant_lama": "variant_baru", "variant_sql_lama": "variant_sql_baru"}) == []
    )
    wrong = {"variant_lam": "variant_baru", "variant_lama": "variant_bar", "bpo_lama": "variant_baru"}
    assert misplaced(seen, GOODS, wrong) == ["variant_lam", "variant_bar", "variant_baru"]


def test_nothing_of_the_store_becomes_two_things_of_ours() -> None:
    both = TEXT.replace('["variant_lama"]', '["variant_lama", "variant_lebih_lama"]')
    seen = {one.old: one.how for one in proposals(parse_catalog(both), GOODS)}
    assert (seen["variant_lama"], seen["variant_lebih_lama"]) == ("several", "several")


def test_the_file_keeps_its_comments_its_order_and_its_line_ends() -> None:
    for text in (TEXT, "\ufeff" + TEXT):
        sure = [
            one
            for one in proposals(parse_catalog(text), GOODS, {"variant_sql_lama": "variant_sql_baru"})
            if one.new
        ]
        expected = text
        for one in sure:
            if one.stale:
                expected = expected.replace(f'"{one.old}"', f'"{one.new}"')
        assert with_new_ids(text, [one for one in sure if one.stale]) == expected
        assert expected != text


def test_tables_of_one_name_that_stand_apart_stay_where_they_are_and_comments_say_what_they_said() -> None:
    middle = '[credit]  # "variant_lama" was here\r\ntokens_per_idr = 10\r\n'
    first, second = TEXT.split('[[products]]\r\nid = "kelas-sql"')
    text = f'{first}{middle}[[products]]\r\nid = "kelas-sql"{second}'
    sure = [one for one in proposals(parse_catalog(text), GOODS) if one.stale and one.new]
    changed = with_new_ids(text, sure)
    assert changed == text.replace('["variant_lama"]', '["variant_baru"]').replace('"bpo_lama"', '"bpo_baru"')
    assert changed != text

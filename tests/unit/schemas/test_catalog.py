"""The catalogue: errors that name the line, names from the environment, and how a product is recognised."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from providers.registry import PROVIDERS
from schemas.catalog import Catalog, fill_names, parse_catalog
from schemas.errors import CatalogError
from schemas.facts import ProductHint
from schemas.published_catalog import published_catalog

ROOT = Path(__file__).parents[3]
COURSE = '[[products]]\nid = "kelas"\nkind = "course"\n'
TOKENS = (
    '[[products]]\nid = "silver"\nkind = "tokens"\nchat_tokens = 5\nmayar = { tier_names = ["silver"] }\n'
)


def shipped() -> Catalog:
    return parse_catalog((ROOT / "catalog.toml").read_text(encoding="utf-8"))


def error(text: str) -> str:
    with pytest.raises(CatalogError) as caught:
        parse_catalog(text, "shop.toml", providers=PROVIDERS)
    return str(caught.value)


def match(catalog: Catalog, *hints: tuple[str, str]) -> str | None:
    found = catalog.match(
        [ProductHint.model_validate({"kind": kind, "value": value}) for kind, value in hints]
    )
    return found.product.id if found.product else found.reason


def test_the_shipped_file_is_valid_and_has_what_it_promises() -> None:
    catalog = shipped()
    assert [tier.id for tier in catalog.tiers] == ["gratis", "bpp", "pro"]
    assert (catalog.first_tier, catalog.credit_tier) == ("gratis", "bpp")
    assert catalog.credit.tokens_per_idr == 10
    assert catalog.credit.topup_amounts_idr == (25_000, 50_000, 100_000)
    assert [(p.id, p.chat_tokens) for p in catalog.products if p.kind == "tokens"] == [
        ("silver", 5),
        ("gold", 100),
    ]
    assert catalog.policy("xendit").confirm_above_idr == catalog.policy("mayar").confirm_above_idr == 500_000


def test_an_empty_file_is_a_catalogue_that_sells_nothing() -> None:
    catalog = parse_catalog("")
    assert catalog.products == ()
    assert catalog.policy("anyone").payload_without_id == "grant"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (COURSE + "price_idr = -1\n", 4, "price_idr"),
        (COURSE + 'price_idr = "150000"\n', 4, "price_idr"),
        (COURSE + "price_idr = 150000.5\n", 4, "price_idr"),
        (COURSE + "colour = 3\n", 4, "colour"),
        (COURSE.replace("course", "coarse"), 3, "kind"),
        (COURSE.replace('"kelas"', '"Kelas Python"'), 2, "id"),
        (COURSE + TOKENS.replace("chat_tokens = 5\n", ""), 4, "chat_tokens"),
        (COURSE + '[[products]]\nid = "pro"\nkind = "plan"\n', 4, "period"),
        (COURSE + '[[products]]\nid = "pro"\nkind = "plan"\nperiod = "1 fortnight"\n', 7, "period"),
        ("[credit]\ntokens_per_idr = 0\n", 2, "tokens_per_idr"),
        ("[credit]\nrates = [{ since = 2027-01-01T00:00:00, tokens_per_idr = 8 }]\n", 2, "its zone"),
        (
            "[[credit.rates]]\nsince = 2027-01-02\ntokens_per_idr = 8\n[[credit.rates]]\nsince = 2027-01-02\ntokens_per_idr = 9\n",
            1,
            "rates",
        ),
        ("[credit]\n\ntopup_expiry = { qris = 30 }\n", 3, "topup_expiry"),
        ("[providers.mayar]\nconfirm_above_idr = 1.5\n", 2, "confirm_above_idr"),
        ('[providers.mayar]\npayload_without_id = "maybe"\n', 2, "payload_without_id"),
        ("[providers.mayar]\n[providers.xendti]\nconfirm_above_idr = 1\n", 2, "xendit"),
    ],
)
def test_an_error_names_the_file_the_line_and_the_field(text: str, line: int, says: str) -> None:
    message = error(text)
    assert message.startswith(f"shop.toml, line {line}: ")
    assert says in message


def test_an_id_used_twice_is_named_with_its_second_line() -> None:
    assert error(COURSE + COURSE) == 'shop.toml, line 5: catalogue: the product id "kelas" is used twice'
    assert "tier id" in error('[[tiers]]\nid = "a"\n[[tiers]]\nid = "a"\n')


def test_an_id_used_twice_is_not_looked_for_in_other_values() -> None:
    text = TOKENS + TOKENS
    second = [n for n, line in enumerate(text.splitlines(), 1) if line == 'id = "silver"'][1]
    assert error(text).startswith(f"shop.toml, line {second}: ")


def test_a_misspelt_key_is_told_what_was_meant() -> None:
    said = error(COURSE + "price_idrr = 150000\n")
    assert (
        said
        == "shop.toml, line 4: products.0.price_idrr: nothing is known by this name; did you mean price_idr?"
    )
    assert error("[[product]]\n").endswith("product: nothing is known by this name; did you mean products?")


def test_a_byte_order_mark_of_an_editor_is_no_mistake() -> None:
    assert parse_catalog("\ufeff" + COURSE) == parse_catalog(COURSE)


def test_a_tier_nobody_defined_is_named() -> None:
    text = '[[products]]\nid = "pro"\nkind = "plan"\nperiod = "1 month"\ntier = "platin"\n'
    message = error(text)
    assert message.startswith("shop.toml, line 5: ")
    assert '"platin"' in message


def test_broken_toml_names_its_line() -> None:
    assert "line 2" in error('[credit]\ntokens_per_idr = "\n')


def test_the_version_follows_the_content_and_nothing_else() -> None:
    assert shipped().version == shipped().version
    assert parse_catalog("# a comment\n" + COURSE).version == parse_catalog(COURSE).version
    assert parse_catalog(COURSE + "price_idr = 1\n").version != parse_catalog(COURSE).version
    assert len(shipped().version) == 16


def test_a_stored_catalogue_reads_back_the_same() -> None:
    catalog = shipped()
    assert Catalog.model_validate(catalog.model_dump(mode="json")) == catalog


def test_match_by_id_then_tier_name_then_package() -> None:
    text = TOKENS + TOKENS.replace('id = "silver"', 'id = "gold"').replace(
        '["silver"]', '["gold"], product_ids = ["p-gold"]'
    )
    catalog = parse_catalog(text)
    assert match(catalog, ("product", "p-gold"), ("tier", "silver"), ("package", "silver")) == "gold"
    assert match(catalog, ("product", "p-x"), ("tier", "Silver Member"), ("package", "gold")) == "silver"
    assert match(catalog, ("product", "p-x"), ("tier", "Umum"), ("package", "GOLD")) == "gold"
    assert match(catalog, ("product", "p-x"), ("tier", "Umum")) == "unmapped_product"
    assert match(catalog, ("tier", "silver gold")) == "ambiguous_product"
    assert match(catalog) == "unmapped_product"


def test_match_at_scalev_and_xendit_and_our_own_ids() -> None:
    catalog = fill_names(shipped(), variant="variant_1", bundle="bpo_1")
    assert match(catalog, ("variant", "variant_1")) == match(catalog, ("bundle", "bpo_1")) == "kelas-python"
    assert match(catalog, ("variant", "bpo_1")) == "unmapped_product"
    assert match(catalog, ("plan_reference", "sub-pro-2026-11")) == "pro-bulanan"
    assert match(catalog, ("plan_reference", "my-pro-1")) == "unmapped_product"
    assert match(catalog, ("catalog", "gold")) == "gold"


def test_a_display_name_decides_nothing() -> None:
    catalog = parse_catalog(COURSE + 'title = "Kelas Silver"\n' + TOKENS)
    assert match(catalog, ("tier", "silver")) == "silver"


def test_an_empty_name_matches_nothing() -> None:
    catalog = parse_catalog(TOKENS.replace('["silver"]', '[""]') + 'xendit = { plan_references = [""] }\n')
    assert match(catalog, ("tier", "anything")) == "unmapped_product"
    assert match(catalog, ("plan_reference", "anything")) == "unmapped_product"


def test_the_quantity_comes_from_the_level_that_matched() -> None:
    hints = [
        ProductHint(kind="tier", value="silver", quantity=3),
        ProductHint(kind="package", value="silver"),
    ]
    found = parse_catalog(TOKENS).match(hints)
    assert found.quantity == 3


def test_names_from_the_environment_fill_the_single_product_that_names_none() -> None:
    (course,) = fill_names(parse_catalog(COURSE), variant="variant_1", bundle="bpo_1").products
    assert course.scalev is not None
    assert course.scalev.variant_unique_ids == ("variant_1",)
    assert course.scalev.bundle_price_option_unique_ids == ("bpo_1",)


def test_where_both_speak_the_catalogue_wins() -> None:
    named = COURSE + 'scalev = { variant_unique_ids = ["variant_own"] }\n'
    catalog = parse_catalog(named)
    assert fill_names(catalog, variant="variant_env") == catalog


def test_names_are_not_guessed_between_two_products() -> None:
    two = parse_catalog(COURSE + COURSE.replace("kelas", "kelas-2"))
    assert fill_names(two, variant="variant_env") == two


def test_the_mayar_product_id_fills_the_single_product_without_one() -> None:
    (silver,) = fill_names(parse_catalog(TOKENS), mayar_product="p-1").products
    assert silver.mayar is not None
    assert (silver.mayar.product_ids, silver.mayar.tier_names) == (("p-1",), ("silver",))
    two = parse_catalog(TOKENS + TOKENS.replace('id = "silver"', 'id = "perak"'))
    assert fill_names(two, mayar_product="p-1") == two


def test_no_names_change_nothing() -> None:
    catalog = shipped()
    assert fill_names(catalog) == catalog
    assert fill_names(catalog, variant="", bundle="", mayar_product="") == catalog


def test_everything_that_is_wrong_is_named_at_once_with_its_line() -> None:
    lines = error(
        '[[tiers]]\nid = "gratis"\n' + COURSE + "pric_idr = 1\n" + TOKENS.replace("5", '"five"')
    ).splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("shop.toml, line 6: products.0.pric_idr: nothing is known by this name")
    assert lines[1].startswith("shop.toml, line 10: products.1.chat_tokens: ")


def test_c69_rates_have_dates_and_are_whole_numbers() -> None:
    text = "[credit]\ntokens_per_idr = 10\nrates = [{ since = 2027-01-01, tokens_per_idr = 8 },"
    catalog = parse_catalog(text + " { since = 2027-06-01T12:00:00+09:00, tokens_per_idr = 12 }]\n")
    day, moment = (rate.since for rate in catalog.credit.rates)
    assert (day, moment) == (
        datetime(2026, 12, 31, 17, tzinfo=UTC),
        datetime(2027, 6, 1, 3, tzinfo=UTC),
    )
    before = timedelta(microseconds=1)
    rates = [catalog.credit.rate_at(at) for at in (None, day - before, day, moment - before, moment)]
    assert rates == [10, 10, 8, 8, 12]
    again = published_catalog(json.loads(json.dumps(catalog.model_dump(mode="json"))))
    assert (again, again.version) == (catalog, catalog.version)

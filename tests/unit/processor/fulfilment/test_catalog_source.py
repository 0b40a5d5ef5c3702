"""What the shipped catalogue sells, and what the environment says about it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.simulation import Wish, wished
from processor.fulfilment.catalog_source import read_catalog
from providers.scalev.simulator import VARIANT
from providers.simulated import Buyer
from runtime.settings import Settings, load_settings
from schemas.facts import ProductHint
from schemas.strict_json import loads

ROOT = Path(__file__).parents[4]
AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def settings_of(**more: str) -> Settings:
    environ = {"LUNAS_ENV": "development", "LUNAS_CATALOG": str(ROOT / "catalog.toml")} | more
    return load_settings(environ, env_file=ROOT / "no such file")


def sold_as(settings: Settings, variant: str) -> str | None:
    product = read_catalog(settings).match([ProductHint(kind="variant", value=variant)]).product
    return product.id if product else None


@pytest.mark.parametrize("more", [{}, {"SCALEV_VARIANT_UNIQUE_ID": "variant_ours"}])
def test_a_simulated_order_is_one_of_the_shipped_course(more: dict[str, str]) -> None:
    settings = settings_of(**more)
    (webhook,) = wished(settings, Wish("scalev", "order.created", 1, 7, Buyer("budi@contoh.id")), AT)
    (line,) = loads(webhook.body)["data"]["orderlines"]
    assert sold_as(settings, line["variant_unique_id"]) == "kelas-python"


def test_the_variant_of_the_environment_is_the_shipped_course_and_the_simulated_one_is_not() -> None:
    settings = settings_of(SCALEV_VARIANT_UNIQUE_ID="variant_ours")
    assert sold_as(settings, "variant_ours") == "kelas-python"
    assert sold_as(settings, VARIANT) is None


@pytest.mark.parametrize(
    "said",
    [
        {"SCALEV_STORE_UNIQUE_ID": "store_1"},
        {"SCALEV_BUNDLE_PRICE_OPTION_UNIQUE_ID": "bpo_1"},
    ],
)
def test_with_a_store_nothing_simulated_is_sold(said: dict[str, str]) -> None:
    assert sold_as(settings_of(**said), VARIANT) is None


def test_a_catalogue_that_names_the_simulated_variant_itself_wins(tmp_path: Path) -> None:
    file = tmp_path / "catalog.toml"
    file.write_text(
        '[[products]]\nid = "kelas-sql"\nkind = "course"\n'
        f'[[products]]\nid = "kelas-go"\nkind = "course"\nscalev = {{ variant_unique_ids = ["{VARIANT}"] }}\n',
        encoding="utf-8",
    )
    assert sold_as(settings_of(LUNAS_CATALOG=str(file)), VARIANT) == "kelas-go"

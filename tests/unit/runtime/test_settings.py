"""Settings from the environment: names, defaults, secrets, and one sentence for every mistake."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pytest

from runtime.settings import ConfigurationError, Settings, load_settings
from runtime.settings.model import variable_name

CONTRACT = {
    "LUNAS_ENV", "LUNAS_HOME", "LUNAS_DATABASE_URL", "LUNAS_BROKER_URL", "LUNAS_INGRESS_HOST", "LUNAS_INGRESS_PORT",
    "LUNAS_API_HOST", "LUNAS_API_PORT", "LUNAS_CONSOLE_HOST", "LUNAS_CONSOLE_PORT", "LUNAS_API_KEY", "LUNAS_OPERATOR_KEY",
    "LUNAS_CATALOG", "LUNAS_INGRESS_DURABILITY", "LUNAS_UNKNOWN_CUSTOMER", "PAYMENT_PROVIDER",
    "SCALEV_API_KEY", "SCALEV_WEBHOOK_SECRET", "SCALEV_STORE_UNIQUE_ID", "SCALEV_VARIANT_UNIQUE_ID",
    "SCALEV_BUNDLE_PRICE_OPTION_UNIQUE_ID", "SCALEV_BASE_URL", "XENDIT_SECRET_KEY", "XENDIT_WEBHOOK_SECRET",
    "XENDIT_BASE_URL", "XENDIT_BUSINESS_ID", "MAYAR_API_KEY", "MAYAR_WEBHOOK_SECRET", "MAYAR_PRODUCT_ID", "MAYAR_BASE_URL",
    "MAYAR_MERCHANT_ID", "MANUAL_PAYMENT_URL", "APP_URL", "RESEND_API_KEY", "RESEND_FROM_EMAIL",
}  # fmt: skip


def values(settings: Settings, provider: str) -> list[str]:
    return [secret.get_secret_value() for secret in settings.webhook_secrets(provider)]


def test_every_promised_variable_has_a_setting_of_exactly_that_name() -> None:
    assert {variable_name(field) for field in Settings.model_fields} >= CONTRACT


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_defaults_are_the_promised_ones() -> None:
    settings = load_settings({})
    assert (settings.env, settings.home, settings.ingress_durability) == (
        "production",
        Path(".lunas"),
        "journal",
    )
    doors = [(settings.ingress_host, settings.ingress_port), (settings.api_host, settings.api_port)]
    assert [*doors, (settings.console_host, settings.console_port)] == [
        ("127.0.0.1", port) for port in (8080, 8081, 8082)
    ]
    assert (settings.unknown_customer, settings.catalog) == ("suspense", Path("catalog.toml"))


def test_development_fills_unset_secrets_with_known_values() -> None:
    settings = load_settings({"LUNAS_ENV": "development"})
    for provider in ("scalev", "xendit", "mayar"):
        assert values(settings, provider) == [f"dev-{provider}-secret"]
    assert (settings.require_api_key(), settings.require_operator_key()) == (
        "dev-api-key",
        "dev-operator-key",
    )
    assert settings.payment_provider == "manual"


def test_a_set_secret_wins_over_the_development_value() -> None:
    assert values(load_settings({"LUNAS_ENV": "development", "MAYAR_WEBHOOK_SECRET": "own"}), "mayar") == [
        "own"
    ]


def test_production_has_no_secret_nobody_set() -> None:
    settings = load_settings({})
    assert [values(settings, name) for name in ("scalev", "xendit", "mayar", "manual")] == [[], [], [], []]
    assert settings.payment_provider is None
    with pytest.raises(ConfigurationError, match="LUNAS_API_KEY is not set"):
        settings.require_api_key()


def test_several_secrets_are_separated_by_commas() -> None:
    assert values(
        load_settings({"LUNAS_ENV": "development", "XENDIT_WEBHOOK_SECRET": " new, old ,"}), "xendit"
    ) == ["new", "old"]


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"PAYMENT_PROVIDER": "xendit"}, ["XENDIT_WEBHOOK_SECRET", "XENDIT_SECRET_KEY"]),
        ({"PAYMENT_PROVIDER": "mayar", "MAYAR_WEBHOOK_SECRET": "3f9c1e7a5b2d8046ce"}, ["MAYAR_API_KEY"]),
        ({"SCALEV_STORE_UNIQUE_ID": "store_1"}, ["SCALEV_WEBHOOK_SECRET"]),
    ],
)
def test_production_names_every_secret_a_configured_provider_misses(
    environ: dict[str, str], named: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"LUNAS_ENV": "production", **environ})
    assert all(name in str(caught.value) for name in named)
    load_settings({"LUNAS_ENV": "development", **environ})


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"LUNAS_INGRESS_PORT": "http"}, r"^LUNAS_INGRESS_PORT is wrong \(it is 'http'\): .*default 8080\.$"),
        ({"LUNAS_API_PORT": "70000"}, r"^LUNAS_API_PORT is wrong .*65535"),
        (
            {"PAYMENT_PROVIDER": "paypal"},
            r"^PAYMENT_PROVIDER is wrong .*'scalev', 'xendit', 'mayar' or 'manual'",
        ),
        ({"LUNAS_INGRESS_DURABILITY": "disk"}, r"^LUNAS_INGRESS_DURABILITY is wrong .*'journal' or 'broker'"),
        ({"LUNAS_BROKER_RETRY_DELAYS_SECONDS": "5,soon"}, r"^LUNAS_BROKER_RETRY_DELAYS_SECONDS is wrong"),
        ({"LUNAS_DATABASE_URL": "mysql://u:pw@h/x"}, r"^LUNAS_DATABASE_URL is no address: .*postgresql://"),
        ({"LUNAS_BROKER_URL": "http://h/"}, r"^LUNAS_BROKER_URL is no address: .*amqp://"),
        ({"LUNAS_BROKER_URL": "amqp://h:port/"}, r"^LUNAS_BROKER_URL is no address"),
        (
            {"LUNAS_ENV": "development", "XENDIT_BASE_URL": "api.xendit.co"},
            r"^XENDIT_BASE_URL is no address: .*http",
        ),
        (
            {"LUNAS_ENV": "development", "MAYAR_WEBHOOK_SECRET": " , "},
            r"^MAYAR_WEBHOOK_SECRET holds no secret",
        ),
        (
            {"LUNAS_NOTIFY_TIMEOUT_SECONDS": "90"},
            r"LUNAS_NOTIFY_LEASE_SECONDS is 60 and LUNAS_NOTIFY_TIMEOUT_SECONDS is 90: .*longer",
        ),
        (
            {"XENDIT_WEBHOOK_SECRET_FILE": "/nowhere/at/all"},
            r"^XENDIT_WEBHOOK_SECRET_FILE names /nowhere/at/all, which cannot",
        ),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_variable(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        load_settings(environ)
    assert "\n" not in str(caught.value)
    assert "pw@" not in str(caught.value)


DOORS = (
    "LUNAS_API_KEY", "LUNAS_OPERATOR_KEY", "SCALEV_WEBHOOK_SECRET", "XENDIT_WEBHOOK_SECRET", "MAYAR_WEBHOOK_SECRET",
)  # fmt: skip


@pytest.mark.parametrize("weak", [
    "x", "15-characters-x", "dev-api-key", "dev-xendit-secret", "DEV-something-long-and-random-77", "change-me-change-me-9",
    "aaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababab", "1234567890123456", "abcdefghijklmnopqrst", "Password-Password-1234",
    "your-secret-key-here", "xendit-webhook-secret-test", "rahasia-rahasia-123", "qwertyuiop1234567890",
    "contoh-signing-secret", "ganti-saya-nanti-ya", "my-super-secret-key-1", "deadbeefdeadbeefdead", "x7Kq2mZpx7Kq2mZp", "isi-token-anda-disini",
])  # fmt: skip
@pytest.mark.parametrize("variable", DOORS)
def test_production_refuses_a_key_that_somebody_knows_or_guesses(variable: str, weak: str) -> None:
    for given in (weak, f"8d1f0c5b9e7a4432a6, {weak}" if variable.endswith("_WEBHOOK_SECRET") else weak):
        with pytest.raises(ConfigurationError, match=rf"^{variable} .*long random value") as caught:
            load_settings({"LUNAS_ENV": "production", variable: given})
        assert weak not in str(caught.value).removeprefix(variable) or len(weak) < 2
    load_settings({"LUNAS_ENV": "development", variable: weak})


@pytest.mark.parametrize("variable", DOORS)
@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0", " , "])
def test_production_refuses_a_blank_key(variable: str, blank: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{variable} "):
        load_settings({"LUNAS_ENV": "production", variable: blank})


@pytest.mark.parametrize("variable", DOORS)
def test_production_takes_a_long_random_key(variable: str) -> None:
    load_settings({"LUNAS_ENV": "production", variable: "8d1f0c5b9e7a4432a6"})
    for drawn in (secrets.token_hex(8), secrets.token_urlsafe(12), f"api-key-{secrets.token_hex(8)}"):
        load_settings({"LUNAS_ENV": "production", variable: drawn})


def test_a_missing_address_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"LUNAS_DATABASE_URL is not set: .*make run"):
        load_settings({}).require_database_url()


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("from-file\n", encoding="utf-8")
    assert values(
        load_settings({"LUNAS_ENV": "development", "XENDIT_WEBHOOK_SECRET_FILE": str(path)}), "xendit"
    ) == ["from-file"]


def test_a_file_and_a_variable_must_agree(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("one", encoding="utf-8")
    given = {"LUNAS_ENV": "development", "LUNAS_API_KEY_FILE": str(path)}
    assert load_settings(given | {"LUNAS_API_KEY": "one"}).require_api_key() == "one"
    with pytest.raises(
        ConfigurationError, match="LUNAS_API_KEY and LUNAS_API_KEY_FILE are both set and differ"
    ):
        load_settings(given | {"LUNAS_API_KEY": "two"})


def test_dotenv_is_read_in_development_only_and_never_wins(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("LUNAS_INGRESS_PORT=9001\nLUNAS_API_PORT=9002\n", encoding="utf-8")
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_API_PORT": "9003"}, env_file=dotenv)
    assert (settings.ingress_port, settings.api_port) == (9001, 9003)
    assert load_settings({}, env_file=dotenv).ingress_port == 8080


def test_empty_means_unset() -> None:
    assert load_settings({"LUNAS_INGRESS_PORT": "", "XENDIT_WEBHOOK_SECRET": ""}).ingress_port == 8080


def test_secrets_never_show_in_text() -> None:
    shown = repr(
        load_settings(
            {
                "XENDIT_WEBHOOK_SECRET": "hush-1-and-many-more-letters",
                "LUNAS_DATABASE_URL": "postgresql://u:hush-2@h/d",
            }
        )
    )
    assert "hush" not in shown


def test_the_environment_of_another_process_gives_the_same_settings() -> None:
    first = load_settings(
        {
            "LUNAS_ENV": "development",
            "XENDIT_WEBHOOK_SECRET": "a,b",
            "LUNAS_BROKER_RETRY_DELAYS_SECONDS": "0.5,1",
        }
    )
    assert load_settings(first.as_environment()) == first


def test_a_dotenv_of_the_checkout_is_not_read_by_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor by the processes that they start: the variable that says so is inherited, or set again."""
    (tmp_path / ".env").write_text("LUNAS_DATABASE_URL=postgresql://mine\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_settings({"LUNAS_ENV": "development"}).database_url is None
    tests = Path(__file__).parents[2]
    started_in_development = [
        path
        for path in tests.rglob("*.py")
        if re.search(r'"LUNAS_ENV": "development",$', text := path.read_text("utf-8"), re.MULTILINE)
        and "for name, value in os.environ" in text
    ]
    assert len(started_in_development) >= 2
    assert all('"LUNAS_DOTENV": os.devnull' in path.read_text("utf-8") for path in started_in_development)


def test_another_dotenv_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("LUNAS_INGRESS_PORT=9001\n", encoding="utf-8")
    environ = {"LUNAS_ENV": "development", "LUNAS_DOTENV": str(tmp_path / "mine")}
    assert load_settings(environ).ingress_port == 9001


def test_in_development_calls_go_to_the_fake_of_a_provider_whose_address_nobody_set() -> None:
    settings = load_settings(
        {"LUNAS_ENV": "development", "LUNAS_FAKES_PORT": "9", "MAYAR_BASE_URL": "https://api.mayar.club"}
    )
    assert settings.xendit_base_url == "http://127.0.0.1:9/xendit"
    assert settings.scalev_base_url == "http://127.0.0.1:9/scalev"
    assert (settings.call_key("xendit"), settings.call_key("scalev")) == ("dev-xendit-key", "dev-scalev-key")
    assert settings.mayar_base_url == "https://api.mayar.club"
    with pytest.raises(ConfigurationError, match="MAYAR_API_KEY"):
        settings.call_key("mayar")


@pytest.mark.parametrize(
    ("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("192.0.2.7", "192.0.2.7")]
)
def test_a_fake_that_listens_everywhere_is_called_at_an_address(host: str, shown: str) -> None:
    settings = load_settings({"LUNAS_ENV": "development", "LUNAS_FAKES_HOST": host})
    assert settings.xendit_base_url == f"http://{shown}:8083/xendit"


def test_the_address_of_a_fake_is_not_passed_on_because_its_port_can_move() -> None:
    passed_on = load_settings({"LUNAS_ENV": "development"}).as_environment()
    assert "XENDIT_BASE_URL" not in passed_on
    moved = load_settings(passed_on | {"LUNAS_FAKES_PORT": "10"})
    assert moved.xendit_base_url == "http://127.0.0.1:10/xendit"


@pytest.mark.parametrize(
    "environ", [{"LUNAS_ENV": "production"}, {"LUNAS_ENV": "development", "LUNAS_FAKES": "off"}]
)
def test_no_call_goes_to_a_fake_in_production_or_when_they_are_off(environ: dict[str, str]) -> None:
    settings = load_settings(environ)
    assert settings.xendit_base_url == "https://api.xendit.co"
    assert settings.xendit_secret_key is None


@pytest.mark.parametrize("variable", DOORS)
def test_how_short_a_key_may_be_is_a_setting(variable: str) -> None:
    given = {"LUNAS_ENV": "production", variable: "8d1f0c5b9e7a4432a6", "LUNAS_SECRET_MIN_CHARACTERS": "24"}
    with pytest.raises(ConfigurationError, match=rf"^{variable} is shorter than 24 characters"):
        load_settings(given)
    load_settings(given | {"LUNAS_SECRET_MIN_CHARACTERS": "18"})


@pytest.mark.parametrize("weak", ["x", "15-characters-x", "dev-xendit-secret", " ", "aaaaaaaaaaaaaaaaaaaa"])
def test_production_refuses_such_a_secret_of_another_provider_too(weak: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^LUNAS_OTHER_WEBHOOK_SECRETS "):
        load_settings({"LUNAS_ENV": "production", "LUNAS_OTHER_WEBHOOK_SECRETS": f"toko={weak}"})


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(
            {
                "LUNAS_ENV": "development",
                "LUNAS_INGRESS_PORT": "http",
                "LUNAS_API_PORT": "70000",
                "PAYMENT_PROVIDER": "x",
            }
        )
    named = {line.partition(" ")[0] for line in str(caught.value).splitlines()}
    assert named == {"LUNAS_INGRESS_PORT", "LUNAS_API_PORT", "PAYMENT_PROVIDER"}

"""`Settings`: all variables together, and the rules that span several of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from runtime.settings.addresses import AddressSettings
from runtime.settings.backups import BackupSettings
from runtime.settings.broker import BrokerSettings
from runtime.settings.changes import ChangesSettings
from runtime.settings.checkout import CheckoutSettings
from runtime.settings.console import ConsoleSettings
from runtime.settings.database import DatabaseSettings
from runtime.settings.fakes import FakeSettings
from runtime.settings.held_money import HeldMoneySettings
from runtime.settings.ingress import IngressSettings
from runtime.settings.licences import LicenceSettings
from runtime.settings.notifying import NotifySettings
from runtime.settings.personal import PersonalSettings
from runtime.settings.processing import ProcessingSettings
from runtime.settings.providers import ProviderSettings
from runtime.settings.reconciliation import ReconciliationSettings
from runtime.settings.replaying import ReplaySettings
from runtime.settings.sealing import SealingSettings
from runtime.settings.secret_times import EXAMPLE, SecretTimes, read_secret_times
from runtime.settings.signing_in import SignInSettings
from runtime.settings.tracing import TracingSettings
from runtime.settings.urls import SCHEMES, is_address, reachable
from runtime.settings.watching import WatchingSettings
from schemas.errors import ConfigurationError

_SECRET = "_webhook_secret"  # noqa: S105 - the end of a field's name
WEBHOOK_PROVIDERS = tuple(
    field.removesuffix(_SECRET) for field in ProviderSettings.model_fields if field.endswith(_SECRET)
)
"""Providers with variables of their own. Of others `LUNAS_OTHER_WEBHOOK_SECRETS` holds the secrets."""

# The name of the key for outgoing calls differs between providers.
CALL_KEYS = {
    name: field
    for name in WEBHOOK_PROVIDERS
    for field in (f"{name}_api_key", f"{name}_secret_key")
    if field in ProviderSettings.model_fields
}
_UNPREFIXED = (
    *(f"{name}_" for name in WEBHOOK_PROVIDERS),
    "manual_payment_url",
    "resend_",
    "payment_provider",
    "app_url",
    "otel_",
)


def variable_name(field: str) -> str:
    """Environment variable of a field: ours start with `LUNAS_`; those of providers and of OpenTelemetry keep their known names."""
    return field.upper() if field.startswith(_UNPREFIXED) else f"LUNAS_{field.upper()}"


_KNOWN_SECRET = re.compile(r"(dev(elopment)?|change[-_]?me)([-_]|$)", re.IGNORECASE)
"""How the values begin that development uses and our pages show, and those that people leave in place."""


DIFFERENT_CHARACTERS = 4
"""Fewer in a secret are a pattern and not chance: sixteen random hexadecimal digits have ten on average."""


MADE_UP_CHARACTERS = 5
"""So many must be left of a secret beside the words and rows that people type."""

_TYPED = re.compile(
    r"change[-_ ]?me|replace|placeholder|example|sample|default|dummy|fill|insert|your|here|this|with|todo|"
    r"pass(word|wd|phrase)?|secret|token|key|value|random|long|super|very|please|my|"
    r"rahasia|sandi|kunci|contoh|ganti(lah)?|ubah|isi(kan)?|saya|kamu|anda|nanti|disini|sini|acak|panjang|sangat|dulu|"
    r"pembayaran|bayar|payment|toko|store|indonesia|jakarta|bismillah|"
    r"dev(elopment)?|prod(uction)?|staging|localhost|test(ing)?|demo|admin|operator|root|user|"
    r"web|hook|callback|signing|api|lunas|xendit|mayar|scalev|qwerty(uiop)?|asdfgh(jkl)?|letmein|welcome|iloveyou",
    re.IGNORECASE,
)
"""Words of placeholders and of passwords that are tried first, in English and Indonesian, and rows of the keyboard."""


def _made_up(text: str) -> int:
    """How many characters of a secret are neither part of such a word nor the next, or the same, in a row like 1234 or aaaa."""
    left = "".join(one for one in _TYPED.sub("", text).lower() if one.isalnum())
    return sum(abs(ord(after) - ord(before)) > 1 for before, after in zip("~" + left, left, strict=False))


def _repeats(text: str, shortest: int) -> bool:
    """A piece that is too short, over and over: nobody has to guess more than the piece."""
    return any(text[size:] == text[:-size] for size in range(1, min(shortest, len(text) // 2 + 1)))


def _weakness(secret: str, shortest: int) -> str | None:
    """What is wrong with a secret for production, as the rest of a sentence."""
    text = secret.strip()
    if not text:
        return "is blank"
    if _KNOWN_SECRET.match(text):
        return "is a known development value"
    if len(text) < shortest:
        return f"is shorter than {shortest} characters and can be guessed"
    if len(set(text)) < DIFFERENT_CHARACTERS or _repeats(text, shortest):
        return "repeats a few characters and can be guessed"
    if _made_up(text) < MADE_UP_CHARACTERS:
        return "is made of words that are tried first"
    return None


class Settings(
    AddressSettings,
    ProviderSettings,
    IngressSettings,
    BrokerSettings,
    ProcessingSettings,
    PersonalSettings,
    ChangesSettings,
    CheckoutSettings,
    LicenceSettings,
    ReconciliationSettings,
    ReplaySettings,
    NotifySettings,
    WatchingSettings,
    SealingSettings,
    BackupSettings,
    HeldMoneySettings,
    ConsoleSettings,
    SignInSettings,
    DatabaseSettings,
    FakeSettings,
    TracingSettings,
    BaseSettings,
):
    """All settings of all processes, immutable.

    Built by `load_settings`; tests may build it directly by field name. It never reads the environment by itself.
    """

    model_config = SettingsConfigDict(
        alias_generator=variable_name,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        validate_default=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller passes; `load_settings` decides what of the environment that is."""
        return (init_settings,)

    @model_validator(mode="before")
    @classmethod
    def _development_defaults(cls, values: dict[str, object]) -> dict[str, object]:
        if values.get("LUNAS_ENV", values.get("env")) != "development":
            return values
        defaults = {
            "payment_provider": "manual",
            "api_key": "dev-api-key",
            "operator_key": "dev-operator-key",
            "notify_secret": "dev-notify-secret",
            "email_sender": "file",
        }
        defaults |= {f"{name}_webhook_secret": f"dev-{name}-secret" for name in WEBHOOK_PROVIDERS}
        filled = dict(values)
        for field, value in defaults.items():
            if filled.get(field) is None and filled.get(variable_name(field)) is None:
                filled[variable_name(field)] = value
        return filled

    @model_validator(mode="after")
    def _fakes_stand_in(self) -> Self:
        """In development, calls go to the fake of a provider whose address nobody set.

        The fields stay unset: the port of the fakes can move, and every process works its addresses out from where they are.
        """
        if self.env == "development" and self.fakes == "on":
            host = reachable(self.fakes_host)
            for name, key in CALL_KEYS.items():
                if f"{name}_base_url" not in self.model_fields_set:
                    self.__dict__[f"{name}_base_url"] = f"http://{host}:{self.fakes_port}/{name}"
                    if getattr(self, key) is None:
                        self.__dict__[key] = SecretStr(f"dev-{name}-key")
        return self

    def stood_in_for(self, provider: str) -> bool:
        """Whether our calls to this provider go to a fake because nobody said where else: it knows what was paid there, not what others told us in its name."""
        ours = self.env == "development" and self.fakes == "on"
        return ours and provider in CALL_KEYS and f"{provider}_base_url" not in self.model_fields_set

    @model_validator(mode="after")
    def _secrets_of_configured_providers(self) -> Self:
        if self.env == "production":
            missing = [
                variable_name(field) for field in self._needed_secrets() if getattr(self, field) is None
            ]
            if missing:
                raise ValueError(
                    f"{' and '.join(missing)} must be set in production because the provider is configured: set "
                    f"{'them' if len(missing) > 1 else 'it'} (or the same name with _FILE), "
                    "or unset the provider's other variables"
                )
        return self

    @model_validator(mode="after")
    def _strong_secrets(self) -> Self:
        """In production every key that opens a door of ours is one that nobody can know or guess. The values stay out of the sentence."""
        if self.env == "production":
            for field, secret in self._own_secrets():
                weakness = _weakness(secret, self.secret_min_characters)
                if weakness:
                    raise ValueError(f"{variable_name(field)} {weakness}: set it to a long random value")
        return self

    @model_validator(mode="after")
    def _no_private_endpoints(self) -> Self:
        if self.env == "production" and self.endpoints_private == "allow":
            raise ValueError(
                "LUNAS_ENDPOINTS_PRIVATE is for development: in production webhooks go to public addresses only; unset it"
            )
        return self

    @model_validator(mode="after")
    def _times_of_secrets(self) -> Self:
        try:
            self.secret_times()
        except ValueError as error:
            # What was given stays out of the sentence: somebody may have written a secret where its id belongs.
            raise ValueError(
                f"{variable_name('webhook_secret_times')} is wrong: {error}; write it like {EXAMPLE}"
            ) from None
        return self

    @model_validator(mode="after")
    def _addresses(self) -> Self:
        for field, schemes in SCHEMES.items():
            value = getattr(self, field)
            text = value.get_secret_value() if isinstance(value, SecretStr) else value
            if text and not is_address(field, text):
                # The value stays out of the sentence: it may hold a password.
                raise ValueError(
                    f"{variable_name(field)} is no address: write it as {schemes[0]}://host:port/…, or unset it"
                )
        for name in WEBHOOK_PROVIDERS:
            if getattr(self, f"{name}_webhook_secret") is not None and not self.webhook_secrets(name):
                raise ValueError(
                    f"{variable_name(f'{name}_webhook_secret')} holds no secret between its commas: "
                    "set at least one, or unset it"
                )
        return self

    def _own_secrets(self) -> Iterable[tuple[str, str]]:
        """Every secret that opens a door of ours, with its field."""
        for field in ("api_key", "operator_key"):
            key: SecretStr | None = getattr(self, field)
            if key is not None:
                yield field, key.get_secret_value()
        for name in WEBHOOK_PROVIDERS:
            for secret in self.webhook_secrets(name):
                yield f"{name}_webhook_secret", secret.get_secret_value()
        if self.notify_secret is not None:
            for part in _listed(self.notify_secret):
                yield "notify_secret", part
        if self.other_webhook_secrets is not None:
            for part in _listed(self.other_webhook_secrets):
                yield "other_webhook_secrets", part.partition("=")[2]

    def _needed_secrets(self) -> Iterable[str]:
        """Webhook secret of every provider with any variable set; key for calls of the one new orders use."""
        for name in WEBHOOK_PROVIDERS:
            own = (field for field in self.model_fields_set if field.startswith(f"{name}_"))
            chosen = self.payment_provider == name
            if chosen or any(getattr(self, field) is not None for field in own):
                yield f"{name}_webhook_secret"
            if chosen:
                yield CALL_KEYS[name]

    def webhook_secrets(self, provider: str) -> tuple[SecretStr, ...]:
        """All secrets accepted from `provider`, in order; empty when none is set: everything is then refused."""
        secret: SecretStr | None = getattr(self, f"{provider}{_SECRET}", None)
        if secret is not None:
            return tuple(map(SecretStr, _listed(secret)))
        if self.other_webhook_secrets is None:
            return ()
        named = (part.partition("=") for part in _listed(self.other_webhook_secrets))
        return tuple(SecretStr(value) for name, _, value in named if name == provider and value)

    def secret_times(self) -> Mapping[str, SecretTimes]:
        """When webhook secrets are accepted, by their ids; a secret that is not in it always is."""
        return read_secret_times(self.webhook_secret_times)

    def call_key(self, provider: str) -> str:
        """Key for calls to this provider's API. Raises ConfigurationError."""
        return self._require(CALL_KEYS[provider], "the key that the provider shows for its API")

    def require_database_url(self) -> str:
        """The database's address, or a ConfigurationError that says how to get one."""
        return self._require("database_url", "a PostgreSQL address")

    def require_broker_url(self) -> str:
        """The broker's address, or a ConfigurationError that says how to get one."""
        return self._require("broker_url", "an AMQP address")

    def require_api_key(self) -> str:
        """Bearer key of the API."""
        return self._require("api_key", "a long random value")

    def require_operator_key(self) -> str:
        """Key that signs in to the console."""
        return self._require("operator_key", "a long random value")

    def as_environment(self) -> dict[str, str]:
        """Every setting that was given or filled in, as variables of another process; secrets in clear."""
        shown = {}
        for field in self.model_fields_set:
            value = getattr(self, field)
            if isinstance(value, SecretStr):
                value = value.get_secret_value()
            if isinstance(value, tuple):
                value = ",".join(str(part) for part in value)
            if value is not None:
                shown[variable_name(field)] = str(value)
        return shown

    def _require(self, field: str, what: str) -> str:
        secret: SecretStr | None = getattr(self, field)
        if secret is None or not secret.get_secret_value():
            hint = ", or start a private one with `make run`" if field.endswith("_url") else ""
            raise ConfigurationError(f"{variable_name(field)} is not set: set it to {what}{hint}.")
        return secret.get_secret_value()


def _listed(secrets: SecretStr) -> list[str]:
    return [part for part in map(str.strip, secrets.get_secret_value().split(",")) if part]

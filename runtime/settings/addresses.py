"""Where lunas runs and listens: environment, home, doors and internal metrics ports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field

Port = Annotated[int, Field(ge=0, le=65535)]


class AddressSettings(BaseModel):
    """Addresses; port 0 means "any free one" and is meant for tests."""

    env: Literal["development", "production"] = Field(
        "production",
        description="`development` gives unset secrets known development values; `make` targets set it.",
    )
    home: Path = Field(
        Path(".lunas"),
        description="Folder for the private services' data and the spool; relative to the working directory.",
    )
    dotenv: Path = Field(
        Path(".env"),
        description="File with variables for development, read before anything else and never in production; a file that does not exist "
        "reads none. Relative to the working directory.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log event written."
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto",
        description="`json` lines for collectors, `console` for people; `auto` asks whether stderr is a terminal.",
    )

    ingress_host: str = Field("127.0.0.1", description="Address of the door for providers.")
    ingress_port: Port = Field(8080, description="Port of the door for providers.")
    api_host: str = Field("127.0.0.1", description="Address of the door for our applications.")
    api_port: Port = Field(8081, description="Port of the door for our applications.")
    api_public_url: str | None = Field(
        None,
        description="Address at which our applications reach the API, for the `servers` of its OpenAPI document; unset, it is the address each "
        "caller has asked at. Set it behind a proxy.",
    )
    broker_public_url: str | None = Field(
        None,
        description="Address at which applications reach the broker, `amqps://broker.example:5671/lunas`, for the AsyncAPI document. "
        "Unset, it is the address that the API itself uses. Users and passwords are left out.",
    )
    console_host: str = Field("127.0.0.1", description="Address of the operators' web console.")
    console_port: Port = Field(8082, description="Port of the operators' web console.")

    metrics_host: str = Field(
        "127.0.0.1",
        description="Address of every process's `/metrics`; internal, so never a public address by default.",
    )
    ingress_metrics_port: Port = Field(
        8090, description="Port of ingress's `/metrics`, apart from the public door."
    )
    processor_metrics_port: Port = Field(8091, description="Port of the processor's `/metrics` and health.")
    projections_metrics_port: Port = Field(
        8092, description="Port of the projections' `/metrics` and health."
    )
    api_metrics_port: Port = Field(8093, description="Port of the API's `/metrics`.")
    console_metrics_port: Port = Field(8094, description="Port of the console's `/metrics`.")
    peers: str = Field(
        "",
        pattern=r"^([a-z]+=[\w.:\[\]-]+:\d+(,|$))*$",
        description="Where `lunas status` finds processes on other hosts: `ingress=host:9090,processor=host:9090,…`; "
        "those that are not named are looked for on this machine.",
    )

    probe_timeout_seconds: float = Field(
        5.0,
        gt=0,
        description="Longest time `lunas status`, `lunas doctor` and the operators' console wait for one service or process that does not answer; "
        "what the others said is shown all the same.",
    )
    shutdown_budget_seconds: float = Field(
        15.0,
        gt=0,
        description="Longest time a process may take to finish what it has taken; under the usual 30 s before a kill.",
    )

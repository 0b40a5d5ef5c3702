"""`lunas dev`: everything on this machine, in the foreground (what `make run` starts)."""

from __future__ import annotations

import os
import sys

import click

from console.lazy import Command
from console.messages import text
from console.output import talk
from console.processes import MIGRATE, commands, resending
from console.welcome import announcement, welcome
from deploy.local.services.supervisor import Programs, run_foreground
from notify.mail.templates import try_templates
from processor.fulfilment.catalog_source import read_catalog
from runtime.settings import load_settings
from runtime.settings.spelling import misspelt


@click.command(cls=Command)
def dev() -> int:
    """Start a private PostgreSQL and RabbitMQ and all processes, and keep them running until Ctrl-C.

    LUNAS_DATABASE_URL and LUNAS_BROKER_URL, when set, are used instead of private ones. What dies is started again.
    """
    settings = load_settings({"LUNAS_ENV": "development", **os.environ})
    for name, near in misspelt(os.environ, settings.dotenv).items():
        talk(text("welcome.misspelt", name=name, near=near))
    # What is wrong with these files is said before anything is started.
    read_catalog(settings)
    try_templates(settings)
    if sys.stderr.isatty() and "log_level" not in settings.model_fields_set:
        # A person reads the addresses, and then of trouble alone.
        settings = settings.model_copy(update={"log_level": "warning"})
    tell = welcome if sys.stdout.isatty() else announcement
    programs = Programs(MIGRATE, commands(settings), resending(settings))
    return run_foreground(settings, programs, welcome=lambda instance: tell(settings, instance.addresses))

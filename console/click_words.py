"""What click itself says, in Indonesian: it translates through a function called `_` in each of its modules, which becomes ours.

A catalogue for gettext would be a binary file to build, and its choice of language is not the one of `--lang`.
"""

from __future__ import annotations

from types import ModuleType

import click.core
import click.decorators
import click.exceptions
import click.formatting
import click.parser
import click.termui
import click.types

from console.language import current

MODULES: tuple[ModuleType, ...] = (
    click.core,
    click.decorators,
    click.exceptions,
    click.formatting,
    click.parser,
    click.termui,
    click.types,
)

INDONESIAN: dict[str, str] = {
    "Usage:": "Pemakaian:",
    "Options": "Opsi",
    "Commands": "Perintah",
    "Positional arguments": "Argumen",
    "required": "wajib",
    "deprecated": "usang",
    "(dynamic)": "(dinamis)",
    "default: {default}": "bawaan: {default}",
    "env var: {var}": "variabel: {var}",
    "Show this message and exit.": "Tampilkan bantuan ini lalu keluar.",
    "Show the version and exit.": "Tampilkan versi lalu keluar.",
    "Aborted!": "Dibatalkan!",
    "Error: {message}": "Galat: {message}",
    "Error: invalid input": "Galat: masukan tidak sah",
    "Try '{command} {option}' for help.": "Lihat '{command} {option}' untuk bantuan.",
    "Missing command.": "Perintah belum disebut.",
    "Missing argument": "Argumen belum disebut",
    "Missing option": "Opsi belum disebut",
    "Missing parameter": "Parameter belum disebut",
    "Missing parameter: {param_name}": "Parameter belum disebut: {param_name}",
    "Missing {param_type}": "Belum disebut: {param_type}",
    "unknown error": "galat tak dikenal",
    "Invalid value: {message}": "Nilai salah: {message}",
    "Invalid value for {param_hint}: {message}": "Nilai salah untuk {param_hint}: {message}",
    "Could not open file {filename!r}: {message}": "Berkas {filename!r} tidak dapat dibuka: {message}",
    "No such option {name!r}.": "Tidak ada opsi {name!r}.",
    "No such command {name!r}.": "Tidak ada perintah {name!r}.",
    "Did you mean {possibility}?": "Maksud Anda {possibility}?",
    "(Did you mean one of: {possibilities}?)": "(Maksud Anda salah satu dari: {possibilities}?)",
    "Got unexpected extra argument ({args})": "Argumen berlebih ({args})",
    "Got unexpected extra arguments ({args})": "Argumen berlebih ({args})",
    "Takes {nargs} values but 1 was given.": "Perlu {nargs} nilai, hanya 1 yang diberikan.",
    "Takes {nargs} values but {len} were given.": "Perlu {nargs} nilai, {len} yang diberikan.",
    "Option {name!r} does not take a value.": "Opsi {name!r} tidak memakai nilai.",
    "Option {name!r} requires an argument.": "Opsi {name!r} perlu nilai.",
    "Option {name!r} requires {nargs} arguments.": "Opsi {name!r} perlu {nargs} nilai.",
    "Argument {name!r} takes {nargs} values.": "Argumen {name!r} perlu {nargs} nilai.",
    "Choose from:\n\t{choices}": "Pilih dari:\n\t{choices}",
    "{value!r} is not {choice}.": "{value!r} bukan {choice}.",
    "{value!r} is not one of {choices}.": "{value!r} bukan salah satu dari {choices}.",
    "{value} is not in the range {range}.": "{value} di luar rentang {range}.",
    "{value!r} is not a valid {number_type}.": "{value!r} bukan {number_type} yang sah.",
    "{value!r} is not a valid UUID.": "{value!r} bukan UUID yang sah.",
    "{value!r} is not a valid boolean. Recognized values: {states}": "{value!r} bukan ya atau tidak; yang dikenal: {states}",
    "{value!r} does not match the format {format}.": "{value!r} tidak sesuai bentuk {format}.",
    "{value!r} does not match the formats {formats}.": "{value!r} tidak sesuai bentuk {formats}.",
    "{name} {filename!r} does not exist.": "{name} {filename!r} tidak ada.",
    "{name} {filename!r} is a file.": "{name} {filename!r} adalah berkas.",
    "{name} {filename!r} is a directory.": "{name} {filename!r} adalah folder.",
    "{name} {filename!r} is not readable.": "{name} {filename!r} tidak dapat dibaca.",
    "{name} {filename!r} is not writable.": "{name} {filename!r} tidak dapat ditulis.",
    "{name} {filename!r} is not executable.": "{name} {filename!r} tidak dapat dijalankan.",
    "file": "berkas",
    "directory": "folder",
    "path": "jalur",
}


def translated() -> None:
    """From here on click speaks the language of the operator, whatever that is when it speaks."""
    for module in MODULES:
        for name, ours in (("_", _one), ("ngettext", _several)):
            if hasattr(module, name):
                setattr(module, name, ours)


class _Sentence(str):
    """One whose blanks click fills with English names of types."""

    __slots__ = ()

    def format(self, *values: object, **named: object) -> str:
        if "number_type" in named:
            named["number_type"] = _NUMBERS.get(str(named["number_type"]), named["number_type"])
        return super().format(*values, **named)


_NUMBERS = {
    "integer": "bilangan bulat",
    "integer range": "bilangan bulat",
    "float": "bilangan",
    "float range": "bilangan",
    "decimal": "bilangan",
}


def _one(english: str) -> str:
    return _Sentence(INDONESIAN.get(english, english)) if current() == "id" else english


def _several(one: str, many: str, count: int) -> str:
    return _one(one if count == 1 else many)

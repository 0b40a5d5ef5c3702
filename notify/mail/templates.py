"""Texts of mails: a file for each kind and language, ours or the operator's. All of them are tried at start-up, so that a mistake is found then.

The first line is the subject, the text begins after the blank line below it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jinja2

from notify.kinds import MAILED
from notify.mail.examples import examples
from notify.mail.spelling import LANGUAGES, Spelling
from schemas.errors import ConfigurationError

if TYPE_CHECKING:
    from runtime.settings import Settings

OURS = Path(__file__).parent / "templates"


class TemplateFailed(ConfigurationError):
    """`place`: file and line. The text may repeat what the template was given, which is personal once it is no example."""

    def __init__(self, place: str, why: str) -> None:
        super().__init__(f"{place}: {why}")
        self.place = place


def try_templates(settings: Settings) -> None:
    """Tells what is wrong with them before anything is started. Raises TemplateFailed."""
    if settings.email_sender != "off":
        Templates(settings.email_language, settings.email_templates)


class Text(NamedTuple):
    """What a mail says."""

    subject: str
    body: str


class Templates:
    """Every kind in one language. A file of `folder` stands for ours of the same name. Raises TemplateFailed."""

    def __init__(self, language: str, folder: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise ConfigurationError(f"LUNAS_EMAIL_TEMPLATES names {folder}, which is no folder")
        spelling = Spelling(language)
        folders = [OURS] if folder is None else [folder, OURS]
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folders),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - plain text: there is nothing to escape
            keep_trailing_newline=True,
        )
        environment.filters |= {
            "rupiah": spelling.rupiah,
            "number": spelling.number,
            "moment": spelling.moment,
        }
        if folder is not None:
            _refuse_misnamed(folder)
        self._templates: dict[str, jinja2.Template] = {
            kind: _loaded(environment, f"{kind}.{language}.txt") for kind in MAILED
        }
        for kind in MAILED:
            for values in examples(kind):
                self.text(kind, values)

    def text(self, kind: str, values: Mapping[str, Any]) -> Text:
        """Raises TemplateFailed."""
        template = self._templates[kind]
        try:
            written = template.render(values)
        except jinja2.TemplateSyntaxError as error:
            # Of a file that it includes.
            raise TemplateFailed(f"{error.filename}:{error.lineno}", error.message or "") from error
        except Exception as error:
            # A template may do anything, and so fail in any way; whoever wrote it is told where.
            raise TemplateFailed(_place(template, error), str(error)) from error
        subject, _, body = written.partition("\n")
        if not subject.strip() or body[:1] != "\n" or not body.strip():
            raise TemplateFailed(
                f"{template.filename}:1", "a mail is one line of subject, a blank line, and the text"
            )
        return Text(subject.strip(), body.strip() + "\n")


def _loaded(environment: jinja2.Environment, name: str) -> jinja2.Template:
    try:
        return environment.get_template(name)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateFailed(f"{error.filename}:{error.lineno}", error.message or "") from error
    except UnicodeDecodeError as error:
        raise TemplateFailed(f"{name}:1", "this file is not UTF-8") from error
    except OSError as error:
        raise TemplateFailed(
            f"{error.filename or name}:1", f"this file cannot be read: {error.strerror}"
        ) from error


def _refuse_misnamed(folder: Path) -> None:
    """A slip in a name would go unseen, and our own text be sent. Raises TemplateFailed. What is only included is called as nobody calls a mail."""
    for file in sorted(folder.iterdir()):
        kind, _, language = file.name.removesuffix(".txt").rpartition(".")
        if file.suffix == ".txt" and language in LANGUAGES and kind not in MAILED and kind[:1] != "_":
            raise TemplateFailed(
                f"{file}:1",
                f"no mail is called {kind}; there are {', '.join(MAILED)}, and _names of what they include",
            )


def _place(template: jinja2.Template, error: BaseException) -> str:
    """File and line of the innermost step inside a template."""
    line, step = 1, error.__traceback__
    file = template.filename
    while step is not None:
        # Jinja marks steps in templates so, whatever their files are called.
        if "__jinja_exception__" in step.tb_frame.f_globals:
            file, line = step.tb_frame.f_code.co_filename, step.tb_lineno
        step = step.tb_next
    return f"{file}:{line}"

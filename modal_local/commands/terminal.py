"""What all commands say and how: results on stdout, talk on stderr, errors as sentences."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console

from modal_local.commands import process
from modal_local.errors import LocalModalError
from modal_local.settings import Access, Home, command_name, read_access

_PROGRAM: Final = command_name()
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def running_server(home: Home) -> tuple[process.Running, Access]:
    """The server of this folder and the way to it. Raises LocalModalError."""
    running, access = process.find_running(home), read_access(home)
    if running is None or access is None:
        raise LocalModalError(f"the local Modal in {home.path} is not running: `{_PROGRAM} start`")
    return running, access


def print_json(value: object) -> None:
    """A result for programs."""
    print(json.dumps(value, indent=2))  # noqa: T201 - the result


def say(what: str, more: str) -> None:
    """A word to the person at the terminal."""
    Console(stderr=True, highlight=False).print(f"local Modal {what} {more}", soft_wrap=True)


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Errors inside become one line and exit status 1."""
    try:
        yield
    except LocalModalError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'the local Modal'}: {error.strerror or error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(sentence: str) -> NoReturn:
    Console(stderr=True, highlight=False).print(f"error: {sentence}", soft_wrap=True, markup=False)
    raise typer.Exit(1)

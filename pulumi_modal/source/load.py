"""Load a Modal file in this process, as `modal deploy` does, with a stack's overrides applied.

Only ever called in a child made by `source.child.run`. For planning and for deploying:

    loaded = load_app(request)
    modal.runner.deploy_app(loaded.app, name=request.app_name, client=client, ...)
"""

# ruff: noqa: SLF001  # the settings of a function live in private parts of the SDK; see funnel.py

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import modal
import modal.config
from modal.cli.import_refs import ImportRef, import_file_or_module
from modal.exception import _CliUserExecutionError

from pulumi_modal.errors import PlanError, SourceError
from pulumi_modal.source.choose import choose_app, name_problems, same_name_problems
from pulumi_modal.source.explain import TalksToModal, explain
from pulumi_modal.source.funnel import Seen, overriding
from pulumi_modal.source.location import Location, locate
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.source.sdk import inner_app
from pulumi_modal.source.trace import place_of


@dataclass(frozen=True)
class LoadedApp:
    """The app that the request means, its functions by name, and the module it came from."""

    app: modal.App
    shown: str
    """The file, relative to the project, for messages."""
    functions: Mapping[str, Seen]
    module: ModuleType
    refused: tuple[str, ...] = ()
    """A sentence for each setting or name of the stack that the code cannot follow."""


def load_app(request: PlanRequest) -> LoadedApp:
    """Import the file with the overrides; raises a SourceError or PlanError of one line."""
    loaded = load_anyway(request)
    if loaded.refused:
        raise refusal(loaded.shown, loaded.refused)
    return loaded


def load_anyway(request: PlanRequest) -> LoadedApp:
    """Import the file with those overrides that can be applied; raises a SourceError."""
    location = locate(request.source, request.root)
    follow_environment()
    with overriding(request.overrides, request.settings) as seen:
        module = _import(location, request)
    apps = {name: value for name, value in vars(module).items() if isinstance(value, modal.App)}
    _, app = choose_app(location.shown, apps, request.app)
    functions, twice = _functions_of(app, location.shown, seen)
    methods = {name: function.methods for name, function in functions.items()}
    refused = [
        *twice,
        *name_problems(methods, request.overrides, request.settings),
        *(
            f"functions.{name}{sentence}"
            for name, function in functions.items()
            for sentence in function.refused
        ),
    ]
    return LoadedApp(app, location.shown, functions, module, tuple(refused))


def refusal(shown: str, refused: Sequence[str]) -> PlanError:
    """All refusals of a file in one error."""
    return PlanError(f"{shown}: {'; and '.join(refused)}")


def follow_environment() -> None:
    """Read the SDK's settings again: the fork server read them when it started."""
    config: Any = modal.config
    environ = config.os.environ
    config.user_config_path = environ.get("MODAL_CONFIG_PATH") or config.os.path.expanduser(
        "~/.modal.toml"
    )
    try:
        config._user_config = config._read_user_config()
    except modal.exception.InvalidError as error:
        raise SourceError(" ".join(str(error).split())) from error
    config._profile = environ.get("MODAL_PROFILE") or config._config_active_profile()


def _import(location: Location, request: PlanRequest) -> ModuleType:
    sys.path.insert(0, str(location.folder))
    if location.module:
        reference = ImportRef(location.module, use_module_mode=True, command="modal deploy")
    else:
        reference = ImportRef(str(location.file), use_module_mode=False, command="modal deploy")
    try:
        module: ModuleType = import_file_or_module(reference)
    except BaseException as error:
        cause = error.__cause__ if isinstance(error, _CliUserExecutionError) else error
        raise _as_source_error(cause or error, location, request) from error
    return module


def _as_source_error(error: BaseException, location: Location, request: PlanRequest) -> SourceError:
    talks = _find_cause(error, TalksToModal)
    if isinstance(error, SourceError):
        return error
    where = place_of(error, request.root.resolve()) or location.shown
    return SourceError(f"{where}: {explain(talks or error)}")


def _find_cause(error: BaseException | None, kind: type) -> BaseException | None:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error


def _functions_of(
    app: modal.App, shown: str, seen: list[Seen]
) -> tuple[dict[str, Seen], list[str]]:
    """What the app would deploy, its own and what it includes; and names that are there twice."""
    inner = inner_app(app)
    listed = inner._local_state.functions
    if not listed:
        raise SourceError(
            f"{shown}: the app has no functions; decorate one with `@app.function`, `@app.cls` or"
            " `@app.server`"
        )
    by_function = {id(one.function): one for one in seen}
    found = [by_function[id(one)] for one in listed.values() if id(one) in by_function]
    apps = {id(inner), *(id(one.app) for one in found)}
    twice = same_name_problems([one.name for one in seen if id(one.app) in apps])
    return {one.name: one for one in found}, twice

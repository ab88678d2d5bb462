"""The one place where every decorator of the SDK ends: `_Function._from_local`, with overrides.

`@app.function`, `@app.cls` and `@app.server` all call it, with every default resolved. It is
private to the SDK, so its parameters are compared with the known ones before anything is loaded.
Refusals are collected, not raised: only those of the chosen app count, and all come in one go.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import modal
from modal._functions import _Function
from modal.exception import InvalidError
from modal.retries import Retries

from pulumi_modal.source import objects
from pulumi_modal.source.explain import one_line
from pulumi_modal.source.settings import simple_arguments
from pulumi_modal.source.supported import not_supported
from pulumi_modal.source.web import server_arguments, web_arguments, web_methods

_FUNNEL: Final = "_from_local"
PARAMETERS: Final = frozenset(
    """
    info app image env secrets schedule is_generator gpu network_file_systems volumes webhook_config
    cpu memory proxy retries timeout startup_timeout min_containers max_containers buffer_containers
    scaleup_window scaledown_window max_concurrent_inputs target_concurrent_inputs batch_max_size
    batch_wait_ms cloud region routing_region nonpreemptible is_builder_function is_auto_snapshot
    is_server is_sessioned enable_memory_snapshot block_network restrict_modal_access i6pn_enabled
    cluster_size rdma fabric_size single_use_containers ephemeral_disk include_source
    experimental_options restrict_output http_config include_client_mounts
    """.split()  # noqa: SIM905  # 45 names read better as text
)
Kind = Literal["function", "class", "server"]


@dataclass(frozen=True)
class Seen:
    """A function that passed the funnel: what the code said, what the stack made of it."""

    app: Any
    name: str
    kind: Kind
    info: Any
    code: Mapping[str, Any]
    settings: Mapping[str, Any]
    """The stack's settings that were applied."""
    function: Any
    methods: tuple[str, ...] = ()
    web: Mapping[str, Any] = field(default_factory=dict)
    """Method (empty for the function itself) -> the web settings in the code."""
    refused: tuple[str, ...] = ()
    """What the stack says of this function and cannot be: `.key: reason`, or `: reason`."""


def check_sdk() -> None:
    """Refuse an SDK whose funnel is not the known one."""
    found = getattr(_Function, _FUNNEL, None)
    if found is None or frozenset(inspect.signature(found).parameters) != PARAMETERS:
        raise not_supported(modal.__version__)


@contextmanager
def overriding(
    overrides: Mapping[str, Mapping[str, Any]], everywhere: Mapping[str, Any]
) -> Iterator[list[Seen]]:
    """Apply settings by name (and `everywhere`, below those) to all functions made meanwhile."""
    check_sdk()
    original = getattr(_Function, _FUNNEL)
    signature = inspect.signature(original)
    seen: list[Seen] = []

    def from_local(info: Any, app: Any, *args: Any, **given: Any) -> Any:
        if app is None or given.get("is_builder_function"):
            return original(info, app, *args, **given)  # Image.run_function
        bound = signature.bind(info, app, *args, **given)
        bound.apply_defaults()
        code = {name: bound.arguments[name] for name in PARAMETERS - {"info", "app"}}
        name = info.get_tag().removesuffix(".*")
        made = _make(original, info, app, code, {**everywhere, **overrides.get(name, {})})
        seen.append(made)
        return made.function

    setattr(_Function, _FUNNEL, staticmethod(from_local))
    try:
        yield seen
    finally:
        setattr(_Function, _FUNNEL, staticmethod(original))


def _make(
    original: Any, info: Any, app: Any, code: Mapping[str, Any], settings: Mapping[str, Any]
) -> Seen:
    kind: Kind = "server" if code["is_server"] else "class" if info.user_cls else "function"
    partials = web_methods(info.user_cls) if kind == "class" else {}
    web = {name: part.params.webhook_config for name, part in partials.items()}
    if code["webhook_config"] is not None:
        web = {"": code["webhook_config"]}
    changed, of_keys = simple_arguments(settings, code, is_server=kind == "server")
    of_keys += _object_arguments(settings, code, changed)
    of_keys += web_arguments(settings.get("web") or {}, code, changed, partials)
    refused = [f".{sentence}" for sentence in of_keys]
    applied = settings.keys() - {sentence.partition(":")[0] for sentence in of_keys}
    if kind == "server":
        server_arguments(code, changed)
    try:
        function = original(info, app, **{**code, **changed})
    except InvalidError as error:
        if not changed:
            raise
        refused.append(f": with the stack's settings the SDK says: {one_line(error)}")
        function = original(info, app, **code)
        applied = set()
    name = info.get_tag().removesuffix(".*")
    methods = objects.method_names(info.user_cls) if kind == "class" else ()
    kept = {key: value for key, value in settings.items() if key in applied}
    return Seen(app, name, kind, info, code, kept, function, methods, web, tuple(refused))


def _object_arguments(
    settings: Mapping[str, Any], code: Mapping[str, Any], changed: dict[str, Any]
) -> list[str]:
    """Put env, secrets and volumes into `changed`; answer the refusals."""
    refused: list[str] = []
    secrets = list(code["secrets"] or [])
    if isinstance(changed.get("retries"), dict):
        try:
            changed["retries"] = Retries(**changed["retries"])
        except (InvalidError, TypeError) as error:
            refused.append(f"retries: {one_line(error)}")
            del changed["retries"]
    if settings.get("secrets"):
        secrets, unknown = objects.renamed_secrets(secrets, settings["secrets"])
        refused += unknown
    if settings.get("env"):
        secrets = objects.secrets_with_env(secrets, settings["env"])
        changed["image"] = objects.with_env(code["image"], settings["env"])
    if secrets != list(code["secrets"] or []):
        changed["secrets"] = secrets
    if settings.get("volumes"):
        changed["volumes"], unknown = objects.renamed_volumes(code["volumes"], settings["volumes"])
        refused += unknown
    return refused

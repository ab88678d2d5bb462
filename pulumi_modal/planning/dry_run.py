"""The planning child: load the file, deploy it to a recorder, read the record."""

# ruff: noqa: SLF001  # the settings of a function live in private parts of the SDK; see funnel.py

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import modal
import modal.runner
from modal_proto import api_pb2

from pulumi_modal.errors import ModalStackError, PlanError, SourceError
from pulumi_modal.planning.advice import advice
from pulumi_modal.planning.code import code_values
from pulumi_modal.planning.digest import source_digest
from pulumi_modal.planning.effective import effective_settings, sent_functions, web_configs
from pulumi_modal.planning.images import below, environment
from pulumi_modal.planning.recorder import Recorder
from pulumi_modal.planning.uploads import warnings_of
from pulumi_modal.source.explain import TalksToModal, explain
from pulumi_modal.source.funnel import Seen
from pulumi_modal.source.load import LoadedApp, load_anyway
from pulumi_modal.source.request import PlanRequest
from pulumi_modal.source.sdk import inner_app
from pulumi_modal.source.trace import place_of
from pulumi_modal.spec.plan import NeededSecret, NeededVolume, Plan, PlannedFunction

_COMMIT: Final = "get_git_commit_info"


def plan(request: PlanRequest, _tell: Callable[[Any], None]) -> Mapping[str, Any]:
    """The plan as JSON; runs in a child made by `source.child.run`."""
    return planned(request, nullcontext())


def planned(request: PlanRequest, importing: AbstractContextManager[None]) -> Mapping[str, Any]:
    """The same, with the import of the file inside of `importing`."""
    recorder = Recorder()
    client = recorder.client()
    with importing:
        loaded = load_anyway(request)
    if recorder.refused:
        raise SourceError(f"{loaded.shown}: {explain(TalksToModal(recorder.refused[0]))}")
    recorder.open()
    _deploy(loaded, request, client)
    return _read(loaded, request, recorder).model_dump(mode="json")


def _deploy(loaded: LoadedApp, request: PlanRequest, client: Any) -> None:
    setattr(modal.runner, _COMMIT, _no_commit)  # it starts git, a third of the time of a plan
    app = inner_app(loaded.app)
    deploy = modal.runner._deploy_app(
        app,
        name=request.app_name,
        environment_name=request.environment or None,
        client=client,
    )
    try:
        asyncio.run(deploy)
    except ModalStackError as error:
        raise type(error)(f"{loaded.shown}: {error}") from error
    except Exception as error:
        where = place_of(error, request.root.resolve()) or loaded.shown
        raise PlanError(f"{where}: {explain(error, 'this stops every deploy of it')}") from error


async def _no_commit() -> None:
    """Which commit is deployed does not change what is deployed."""


def _read(loaded: LoadedApp, request: PlanRequest, recorder: Recorder) -> Plan:
    root = request.root.resolve()
    sent = sent_functions(recorder)
    messages = {name: sent[seen.info.function_name][0] for name, seen in loaded.functions.items()}
    images = {
        name: _code_image(seen, messages[name], recorder) for name, seen in loaded.functions.items()
    }
    functions = {
        name: _function(seen, *sent[seen.info.function_name], images[name], recorder)
        for name, seen in sorted(loaded.functions.items())
    }
    key = f"{request.digest_key}\0{request.environment}\0{request.app_name}"
    warnings = advice(loaded.functions, messages, recorder)
    return Plan(
        source=loaded.shown,
        app_in_code=inner_app(loaded.app).name or "",
        functions=functions,
        digest=source_digest(messages, images.values(), recorder, root, key),
        secrets=_secrets(recorder),
        volumes=_volumes(recorder),
        sdk_version=modal.__version__,
        warnings=(*warnings, *warnings_of(messages, recorder, root)),
        refused=loaded.refused,
    )


def _code_image(seen: Seen, message: Any, recorder: Recorder) -> str:
    """The image that the code asks for: without the layer of the stack's variables."""
    if seen.settings.get("env"):
        return below(message.image_id, recorder.images)
    return str(message.image_id)


def _function(
    seen: Seen, message: Any, ranked: list[Any], image_id: str, recorder: Recorder
) -> PlannedFunction:
    effective = effective_settings(message, ranked, recorder)
    if seen.settings.get("env"):
        sent = environment(message.image_id, recorder.images)
        effective["env"] = {key: sent[key] for key in seen.settings["env"]}
    return PlannedFunction(
        kind=seen.kind,
        effective=effective,
        code=code_values(seen, environment(image_id, recorder.images)),
        methods=seen.methods,
        image_id=image_id,
        web=message.is_server or bool(web_configs(message)),
    )


def _secrets(recorder: Recorder) -> tuple[NeededSecret, ...]:
    named = {
        (request.deployment_name, request.environment_name, tuple(sorted(request.required_keys)))
        for request in recorder.secrets.values()
        if request.deployment_name
    }
    return tuple(
        NeededSecret(name=name, environment=environment_name, required_keys=keys)
        for name, environment_name, keys in sorted(named)
    )


def _volumes(recorder: Recorder) -> tuple[NeededVolume, ...]:
    needed = {
        (
            request.deployment_name,
            request.environment_name,
            request.object_creation_type == api_pb2.OBJECT_CREATION_TYPE_CREATE_IF_MISSING,
        )
        for request in recorder.volumes.values()
    }
    return tuple(
        NeededVolume(name=name, environment=environment_name, created_if_missing=created)
        for name, environment_name, created in sorted(needed)
    )

"""A Modal that exists only in this process: it answers a deploy's calls and keeps the requests.

Its ids are hashes of content or name, so they are equal over runs and readable. While a file is
being imported every call is refused: a preview must not act.
"""

# ruff: noqa: SLF001  # the settings of a function live in private parts of the SDK; see funnel.py

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.message import Message
from modal.client import _Client
from modal_proto import api_pb2

from pulumi_modal.errors import PlanError
from pulumi_modal.planning.stable import digest_of, image_identity
from pulumi_modal.source.explain import TalksToModal

BUILDER_VERSION: Final = "2025.06"


class Recorder:
    """Answers calls offline; `calls` holds (name, request) in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.secrets: dict[str, Any] = {}
        self.inline_secrets: list[dict[str, str]] = []
        self.volumes: dict[str, Any] = {}
        self.images: dict[str, Any] = {}
        self.mounts: dict[str, Any] = {}
        self.refused: list[str] = []
        """Calls made while the file was imported, even where it caught the refusal."""
        self._is_open = False

    def open(self) -> None:
        """From now on answer: the import is over, the dry run begins."""
        self._is_open = True

    def __getattr__(self, rpc: str) -> _Call:
        if rpc.startswith("__"):
            raise AttributeError(rpc)
        return _Call(self, rpc)

    def answer(self, rpc: str, request: Message) -> Message:
        """Record one call and make up its answer."""
        if not self._is_open:
            self.refused.append(rpc)
            raise TalksToModal(rpc)
        if rpc not in ANSWERS:
            raise PlanError(
                f"the file uses something of Modal that cannot be planned yet (call {rpc});"
                " remove it from the app, or deploy this file by `modal deploy`"
            )
        self.calls.append((rpc, request))
        return ANSWERS[rpc](self, request)

    def client(self) -> _Client:
        """The SDK's client, connected to this recorder; also what `Client.from_env` answers."""
        client: Any = _Client(
            "http://127.0.0.1:1", api_pb2.CLIENT_TYPE_CLIENT, ("offline", "offline")
        )
        client._control_plane_stub = self
        client._opened = True
        client._owner_pid = os.getpid()
        _Client._client_from_env = client
        connected: _Client = client
        return connected


class _Call:
    """One RPC of the recorder, callable as the SDK's wrappers are."""

    def __init__(self, recorder: Recorder, rpc: str) -> None:
        self._recorder = recorder
        self._rpc = rpc

    async def __call__(self, request: Message, **_options: Any) -> Message:
        return self._recorder.answer(self._rpc, request)

    async def unary_stream(self, request: Message, **_options: Any) -> Any:
        yield self._recorder.answer(self._rpc, request)


def _environment(_recorder: Recorder, request: Any) -> Message:
    settings = api_pb2.EnvironmentSettings(image_builder_version=BUILDER_VERSION)
    metadata = api_pb2.EnvironmentMetadata(name=request.deployment_name, settings=settings)
    return api_pb2.EnvironmentGetOrCreateResponse(environment_id="en-plan", metadata=metadata)


def _function_id(name: str) -> str:
    return f"fu-{digest_of(name)}"


def _precreate(_recorder: Recorder, request: Any) -> Message:
    metadata = api_pb2.FunctionHandleMetadata(
        function_name=request.function_name, function_type=request.function_type
    )
    for name, method in request.method_definitions.items():
        metadata.method_handle_metadata[name].CopyFrom(
            api_pb2.FunctionHandleMetadata(
                function_name=method.function_name, function_type=method.function_type
            )
        )
    return api_pb2.FunctionPrecreateResponse(
        function_id=_function_id(request.function_name), handle_metadata=metadata
    )


def _function(_recorder: Recorder, request: Any) -> Message:
    data = request.function_data if request.HasField("function_data") else request.function
    metadata = api_pb2.FunctionHandleMetadata(
        function_name=data.function_name,
        function_type=data.function_type,
        definition_id=f"de-{digest_of(data.function_name)}",
        class_parameter_info=data.class_parameter_info,
    )
    for name, method in data.method_definitions.items():
        metadata.method_handle_metadata[name].CopyFrom(
            api_pb2.FunctionHandleMetadata(
                function_name=method.function_name, function_type=method.function_type
            )
        )
    created = api_pb2.FunctionData()
    created.CopyFrom(request.function_data)
    if not created.ranked_functions:
        created.ranked_functions.add(rank=0, function=request.function)
    return api_pb2.FunctionCreateResponse(
        function_id=request.existing_function_id or _function_id(data.function_name),
        handle_metadata=metadata,
        function_data=created,
    )


def _mount(recorder: Recorder, request: Any) -> Message:
    if request.deployment_name:
        mount_id = f"mo-named-{request.deployment_name}"
    else:
        files = sorted((file.filename, file.sha256_hex) for file in request.files)
        mount_id = f"mo-{digest_of(files)}"
    recorder.mounts[mount_id] = request
    return api_pb2.MountGetOrCreateResponse(mount_id=mount_id)


def _image(recorder: Recorder, request: Any) -> Message:
    image_id = f"im-{image_identity(request)}"
    recorder.images[image_id] = request
    result = api_pb2.GenericResult(status=api_pb2.GenericResult.GENERIC_STATUS_SUCCESS)
    metadata = api_pb2.ImageMetadata(image_builder_version=request.builder_version)
    return api_pb2.ImageGetOrCreateResponse(image_id=image_id, result=result, metadata=metadata)


def _image_by_id(_recorder: Recorder, request: Any) -> Message:
    metadata = api_pb2.ImageMetadata(image_builder_version=BUILDER_VERSION)
    return api_pb2.ImageFromIdResponse(image_id=request.image_id, metadata=metadata)


def _secret(recorder: Recorder, request: Any) -> Message:
    if request.deployment_name:
        secret_id = f"st-{digest_of([request.deployment_name, request.environment_name])}"
    else:  # values never enter an id: the digest of secrets is made apart, with a key
        secret_id = f"st-inline-{digest_of(sorted(request.env_dict))}"
        recorder.inline_secrets.append(dict(request.env_dict))
    recorder.secrets[secret_id] = request
    return api_pb2.SecretGetOrCreateResponse(secret_id=secret_id)


def _volume(recorder: Recorder, request: Any) -> Message:
    volume_id = f"vo-{digest_of([request.deployment_name, request.environment_name])}"
    recorder.volumes[volume_id] = request
    metadata = api_pb2.VolumeMetadata(
        name=request.deployment_name, version=request.version or api_pb2.VOLUME_FS_VERSION_V1
    )
    return api_pb2.VolumeGetOrCreateResponse(volume_id=volume_id, metadata=metadata)


def _shared_volume(_recorder: Recorder, request: Any) -> Message:
    return api_pb2.SharedVolumeGetOrCreateResponse(
        shared_volume_id=f"sv-{digest_of([request.deployment_name, request.environment_name])}"
    )


def _proxy(_recorder: Recorder, request: Any) -> Message:
    name = digest_of([request.name, request.environment_name])
    return api_pb2.ProxyGetResponse(proxy=api_pb2.Proxy(name=request.name, proxy_id=f"pr-{name}"))


def _class(_recorder: Recorder, request: Any) -> Message:
    return api_pb2.ClassCreateResponse(class_id=request.existing_class_id or "cs-plan")


def _fixed(make: Callable[[], Message]) -> Callable[[Recorder, Any], Message]:
    return lambda _recorder, _request: make()


def _empty() -> Message:
    from google.protobuf.empty_pb2 import Empty

    return Empty()


ANSWERS: Final[Mapping[str, Callable[[Recorder, Any], Message]]] = {
    "AppClientDisconnect": _fixed(_empty),
    "AppCreate": _fixed(lambda: api_pb2.AppCreateResponse(app_id="ap-plan")),
    "AppGetByDeploymentName": _fixed(api_pb2.AppGetByDeploymentNameResponse),
    "AppHeartbeat": _fixed(_empty),
    "AppPublish": _fixed(lambda: api_pb2.AppPublishResponse(deployed_at=1.0)),
    "ClassCreate": _class,
    "ClientHello": _fixed(api_pb2.ClientHelloResponse),
    "EnvironmentGetOrCreate": _environment,
    "FunctionCreate": _function,
    "FunctionPrecreate": _precreate,
    "ImageFromId": _image_by_id,
    "ImageGetOrCreate": _image,
    "MountBatchedCheckExistence": _fixed(api_pb2.MountBatchedCheckExistenceResponse),
    "MountGetOrCreate": _mount,
    "MountPutFile": _fixed(lambda: api_pb2.MountPutFileResponse(exists=True)),
    "ProxyGet": _proxy,
    "SecretGetOrCreate": _secret,
    "SharedVolumeGetOrCreate": _shared_volume,
    "VolumeGetOrCreate": _volume,
}
"""What a deploy asks, and how it is answered offline."""

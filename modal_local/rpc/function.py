"""RPCs that create functions, find them, and make variants of them."""

from __future__ import annotations

from grpclib.const import Status
from grpclib.exceptions import GRPCError
from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import Conflict, Invalid, NotFound
from modal_local.rpc.handle import bound_handle, function_data, function_handle
from modal_local.rpc.message import receive
from modal_local.rpc.publishing import Publisher
from modal_local.rpc.web_label import WebEndpoint, endpoints_of, web_endpoints
from modal_local.scheduling.admission import refusals
from modal_local.store.apps import AppRecord
from modal_local.store.functions import Definition
from modal_local.store.options import with_options
from modal_local.store.store import Store


class FunctionRpc:
    """Functions of apps."""

    def __init__(self, store: Store, publisher: Publisher) -> None:
        self._store = store
        self._publisher = publisher

    async def FunctionPrecreate(
        self, stream: Stream[api_pb2.FunctionPrecreateRequest, api_pb2.FunctionPrecreateResponse]
    ) -> None:
        """Fix a function's id and URLs; nothing serves yet."""
        request = await receive(stream)
        app = self._open_app(request.app_id)
        self._check_owner(request.existing_function_id, app)
        endpoints = web_endpoints(
            app.description,
            request.function_name,
            request.webhook_config,
            dict(request.method_definitions),
        )
        urls = {
            endpoint.method: self._publisher.reserve(app, endpoint.label).url
            for endpoint in endpoints
        }
        record = self._store.functions.save(
            request.existing_function_id, app.app_id, function_handle(request, urls)
        )
        await stream.send_message(
            api_pb2.FunctionPrecreateResponse(
                function_id=record.function_id, handle_metadata=record.metadata
            )
        )

    async def FunctionCreate(
        self, stream: Stream[api_pb2.FunctionCreateRequest, api_pb2.FunctionCreateResponse]
    ) -> None:
        """Keep a definition; it serves when a version names it."""
        request = await receive(stream)
        app = self._open_app(request.app_id)
        data = function_data(request)
        found = refusals(data)
        if found:
            raise Invalid("\n".join(f"{data.function_name}: {sentence}" for sentence in found))
        function_id = request.existing_function_id or self._new_function(app, data)
        self._check_owner(function_id, app)
        endpoints = endpoints_of(app.description, data)
        metadata = self._store.functions.find(function_id).metadata
        metadata.class_parameter_info.CopyFrom(data.class_parameter_info)
        if data.is_server:
            urls = [self._publisher.reserve(app, endpoint.label).url for endpoint in endpoints]
            metadata._experimental_flash_urls[:] = urls  # noqa: SLF001 - the wire's name
            data.flash_service_urls[:] = urls
        _tell_urls(data, metadata)
        definition = self._store.functions.define(function_id, data, metadata)
        await stream.send_message(self._created(app, definition, endpoints))

    async def FunctionGet(
        self, stream: Stream[api_pb2.FunctionGetRequest, api_pb2.FunctionGetResponse]
    ) -> None:
        """Look a function up by its name, at a version if wanted."""
        request = await receive(stream)
        environment = self._store.environments.find(request.environment_name)
        app = self._publisher.deployed(environment, request.app_name)
        version = request.app_version or app.version
        deployment = self._store.deployments.find(app.app_id, version) if version else None
        tags = dict(deployment.layout.function_ids) if deployment is not None else {}
        function_id = tags.get(request.object_tag)
        if deployment is None or function_id is None:
            raise _no_function(request.object_tag, app, tags)
        definition = self._store.functions.definition(deployment.definitions[function_id])
        if version != app.version:
            options = api_pb2.FunctionOptions(pinned_app_version=version)
            pinned = api_pb2.FunctionBindParamsRequest(
                function_id=function_id, function_options=options
            )
            function_id = self._store.functions.bind(pinned).bound_id
        await stream.send_message(
            api_pb2.FunctionGetResponse(
                function_id=function_id,
                handle_metadata=definition.metadata,
                function=definition.data,
            )
        )

    async def FunctionGetById(
        self, stream: Stream[api_pb2.FunctionGetByIdRequest, api_pb2.FunctionGetByIdResponse]
    ) -> None:
        """What serves under this id."""
        request = await receive(stream)
        bound = self._store.functions.bound(request.function_id)
        definition = self._serving(bound.function_id if bound else request.function_id)
        data, metadata = definition.data, definition.metadata
        if bound is not None:
            metadata = bound_handle(metadata, bound.function_id)
            options = bound.request.function_options
            for ranked in data.ranked_functions:
                ranked.function.CopyFrom(with_options(ranked.function, options))
        await stream.send_message(
            api_pb2.FunctionGetByIdResponse(function=data, handle_metadata=metadata)
        )

    async def FunctionGetSerialized(
        self,
        stream: Stream[api_pb2.FunctionGetSerializedRequest, api_pb2.FunctionGetSerializedResponse],
    ) -> None:
        """The pickles of a serialized function."""
        request = await receive(stream)
        function = self._serving(request.function_id).function
        await stream.send_message(
            api_pb2.FunctionGetSerializedResponse(
                function_serialized=function.function_serialized,
                class_serialized=function.class_serialized,
            )
        )

    async def FunctionBindParams(
        self, stream: Stream[api_pb2.FunctionBindParamsRequest, api_pb2.FunctionBindParamsResponse]
    ) -> None:
        """A variant with parameters or options: a pool of its own."""
        request = await receive(stream)
        base = self._store.functions.bound(request.function_id)
        if base is not None:
            request = _rebound(base.request, request)
        definition = self._serving(request.function_id)
        variant = with_options(definition.function, request.function_options)
        found = refusals(
            api_pb2.FunctionData(
                function_name=variant.function_name,
                ranked_functions=[api_pb2.FunctionData.RankedFunction(function=variant)],
            )
        )
        if found:
            raise Invalid("\n".join(f"{variant.function_name}: {text}" for text in found))
        kept = api_pb2.FunctionBindParamsRequest(
            function_id=request.function_id,
            serialized_params=request.serialized_params,
            function_options=request.function_options,
        )
        bound = self._store.functions.bind(kept)
        await stream.send_message(
            api_pb2.FunctionBindParamsResponse(
                bound_function_id=bound.bound_id,
                handle_metadata=bound_handle(definition.metadata, bound.function_id),
            )
        )

    async def FunctionListVariants(
        self,
        stream: Stream[api_pb2.FunctionListVariantsRequest, api_pb2.FunctionListVariantsResponse],
    ) -> None:
        """Variants of a function, newest first."""
        request = await receive(stream)
        self._store.functions.find(request.function_id)
        infos = [
            api_pb2.FunctionVariantInfo(
                function_id=bound.bound_id,
                serialized_params=bound.request.serialized_params,
                function_options=bound.request.function_options,
            )
            for bound in self._store.functions.bound_of(request.function_id)
        ]
        limit = request.limit or len(infos)
        await stream.send_message(api_pb2.FunctionListVariantsResponse(infos=infos[:limit]))

    def _open_app(self, app_id: str) -> AppRecord:
        app = self._store.apps.find(app_id)
        if app.is_stopped:
            raise Conflict(f"App '{app.description}' was stopped meanwhile: deploy again.")
        return app

    def _check_owner(self, function_id: str, app: AppRecord) -> None:
        if function_id and self._store.functions.find(function_id).app_id != app.app_id:
            raise NotFound(f"Function {function_id} is not of app {app.app_id}.")

    def _new_function(self, app: AppRecord, data: api_pb2.FunctionData) -> str:
        """A function that was not announced, such as that of an image build."""
        request = api_pb2.FunctionPrecreateRequest(
            app_id=app.app_id, function_name=data.function_name, function_type=data.function_type
        )
        metadata = function_handle(request, {})
        return self._store.functions.save("", app.app_id, metadata).function_id

    def _serving(self, function_id: str) -> Definition:
        """The definition that serves. Raises NotFound."""
        app = self._store.apps.find(self._store.functions.find(function_id).app_id)
        deployment = self._store.deployments.current(app)
        definition_id = deployment.definitions.get(function_id) if deployment else None
        if definition_id is None:
            raise NotFound(f"Function {function_id} is not deployed.")
        return self._store.functions.definition(definition_id)

    def _created(
        self, app: AppRecord, definition: Definition, endpoints: list[WebEndpoint]
    ) -> api_pb2.FunctionCreateResponse:
        response = api_pb2.FunctionCreateResponse(
            function_id=definition.function_id,
            function=definition.function,
            handle_metadata=definition.metadata,
            function_data=definition.data,
        )
        for endpoint in endpoints:
            victim = self._publisher.victim(app, endpoint.label)
            info = api_pb2.WebUrlInfo(
                truncated=endpoint.is_truncated, label_stolen=victim is not None
            )
            if endpoint.method:
                told = response.function.method_definitions[endpoint.method].web_url_info
            else:
                told = response.function.web_url_info
                response.function_data.web_url_info.CopyFrom(info)
            told.CopyFrom(info)
            if victim is not None:
                _warn(response, f'Web label "{endpoint.label}" is taken from app "{victim}".')
            if endpoint.config.custom_domains:
                _warn(response, "Custom domains are recorded; the local Modal does not serve them.")
        return response


def _tell_urls(data: api_pb2.FunctionData, metadata: api_pb2.FunctionHandleMetadata) -> None:
    """Put the URLs of the handle into the definition."""
    data.web_url = metadata.web_url
    methods = metadata.method_handle_metadata
    for ranked in data.ranked_functions:
        ranked.function.web_url = metadata.web_url
        for name, method in ranked.function.method_definitions.items():
            method.web_url = methods[name].web_url if name in methods else ""
    for name, method in data.method_definitions.items():
        method.web_url = methods[name].web_url if name in methods else ""


def _rebound(
    base: api_pb2.FunctionBindParamsRequest, request: api_pb2.FunctionBindParamsRequest
) -> api_pb2.FunctionBindParamsRequest:
    """A variant of a variant."""
    merged = api_pb2.FunctionBindParamsRequest()
    merged.CopyFrom(base)
    merged.function_options.MergeFrom(request.function_options)
    if request.serialized_params:
        merged.serialized_params = request.serialized_params
    return merged


def _warn(response: api_pb2.FunctionCreateResponse, message: str) -> None:
    response.server_warnings.add(
        type=api_pb2.Warning.WARNING_TYPE_FUNCTION_CONFIGURATION, message=message
    )


def _no_function(tag: str, app: AppRecord, tags: dict[str, str]) -> GRPCError:
    if f"{tag}.*" in tags:
        detail = api_pb2.FunctionLookupError(
            reason=api_pb2.FunctionLookupError.REASON_CLASS_NAME_USED
        )
        message = f"'{tag}' of app '{app.name}' is a class"
        return GRPCError(Status.NOT_FOUND, message, [detail])
    known = ", ".join(sorted(tags)) or "none"
    return GRPCError(Status.NOT_FOUND, f"App '{app.name}' has no function '{tag}'; it has: {known}")

"""The provider protocol of Pulumi over dynamic providers. Translates, never decides."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2, struct_pb2
from pulumi.dynamic import ResourceProvider
from pulumi.runtime import rpc
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from pulumi_modal.host.engine import Engine
from pulumi_modal.host.failure import abort, abort_keeping
from pulumi_modal.host.providers import Providers, reference_of
from pulumi_modal.provider.cancellation import Cancellation
from pulumi_modal.provider.detailed import DetailedDiff, Kind
from pulumi_modal.provider.operation import Operation, PartialFailure, as_current, current
from pulumi_modal.provider.props import PROVIDER_KEY
from pulumi_modal.source.redaction import KNOWN

Props = dict[str, Any]
_CHANGES: Final[Mapping[bool | None, Any]] = {
    None: provider_pb2.DiffResponse.DIFF_UNKNOWN,
    True: provider_pb2.DiffResponse.DIFF_SOME,
    False: provider_pb2.DiffResponse.DIFF_NONE,
}


class Host(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process: many resources, many threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._providers = Providers()
        self._cancelled = Cancellation()

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the stack's configuration; outputs are told at preview where a provider can."""
        config = rpc.deserialize_properties(request.args)
        KNOWN.keep(
            [rpc.unwrap_rpc_secret(one) for one in config.values() if rpc.is_rpc_secret(one)]
        )
        self._providers.config = {key: rpc.unwrap_rpc_secret(one) for key, one in config.items()}
        return provider_pb2.ConfigureResponse(acceptSecrets=False, supportsPreview=True)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The version that the stock host tells too."""
        return plugin_pb2.PluginInfo(version="0.1.0")

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """End every wait."""
        self._cancelled.set()
        return empty_pb2.Empty()

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Canonical inputs and what is wrong with them."""
        olds = rpc.deserialize_properties(request.olds, keep_unknowns=True)
        news = rpc.deserialize_properties(request.news, keep_unknowns=True)

        def work() -> Any:
            result = self._providers.of(news, olds).check(olds, news)
            failures = [
                provider_pb2.CheckFailure(property=one.property, reason=KNOWN.hide(one.reason))
                for one in result.failures
            ]
            inputs = _struct(result.inputs, news)
            return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

        return self._run(work, request, context)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """What a change does."""
        olds = rpc.deserialize_properties(request.olds, keep_unknowns=True)
        news = rpc.deserialize_properties(request.news, keep_unknowns=True)

        def work() -> Any:
            result = self._providers.of(news, olds).diff(request.id, olds, news)
            return provider_pb2.DiffResponse(
                changes=_CHANGES[result.changes],
                replaces=result.replaces or [],
                diffs=sorted({re.split(r"[.\[]", path)[0] for path in _paths(result)}),
                detailedDiff=_detailed(result),
                hasDetailedDiff=bool(_paths(result)),
                deleteBeforeReplace=bool(result.delete_before_replace),
            )

        return self._run(work, request, context)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Create, or say at preview what would come of it."""
        props = rpc.deserialize_properties(request.properties, request.preview)

        def work() -> Any:
            provider = self._providers.of(props)
            if request.preview:
                outs = _predicted(provider, {}, props)
                return provider_pb2.CreateResponse(properties=_struct(outs, props))
            result = provider.create(props)
            return provider_pb2.CreateResponse(
                id=result.id, properties=_struct(result.outs or {}, props)
            )

        return self._run(work, request, context, props)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Update, or say at preview what would come of it."""
        olds = rpc.deserialize_properties(request.olds, request.preview)
        news = rpc.deserialize_properties(request.news, request.preview)

        def work() -> Any:
            provider = self._providers.of(news, olds)
            if request.preview:
                outs: Props = _predicted(provider, olds, news)
            else:
                outs = provider.update(request.id, olds, news).outs or {}
            return provider_pb2.UpdateResponse(properties=_struct(outs, news))

        return self._run(work, request, context, news)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """The resource as it is; without an id when it is gone."""
        props = rpc.deserialize_properties(request.properties)
        inputs = rpc.deserialize_properties(request.inputs)

        def work() -> Any:
            with as_current(replace(current(), inputs=inputs)):
                provider = self._providers.of(props, inputs, urn=request.urn)
                result = provider.read(request.id, props or inputs)
            if not result.id:
                return provider_pb2.ReadResponse()
            found = inputs if result.inputs is None else result.inputs
            reference = reference_of(request.urn)
            return provider_pb2.ReadResponse(
                id=result.id,
                properties=_struct(result.outs or {}, props, inputs, reference),
                inputs=_struct(found, props, inputs, reference),
            )

        return self._run(work, request, context)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Delete; a resource that is gone already is fine."""
        props = rpc.deserialize_properties(request.properties)

        def work() -> Any:
            self._providers.of(props).delete(request.id, props)
            return empty_pb2.Empty()

        return self._run(work, request, context)

    def _run(
        self,
        work: Callable[[], Any],
        request: Any,
        context: grpc.ServicerContext,
        props: Props | None = None,
    ) -> Any:
        """Do the work as an operation of its own; failures become words."""
        urn = request.urn
        operation = Operation(
            tell=self._engine.row(urn),
            note=self._engine.note(urn),
            warn=self._engine.warn(urn),
            timeout_s=getattr(request, "timeout", 0.0) or None,
            cancelled=self._cancelled,
            urn=urn,
        )
        try:
            with as_current(operation):
                return work()
        except PartialFailure as failure:
            kept = _struct(failure.outs, props or {})
            abort_keeping(context, failure, kept, self._engine, urn)
        except Exception as error:  # noqa: BLE001  # the border of the process
            abort(context, error, self._engine, urn)


def _paths(result: Any) -> Mapping[str, Kind]:
    return result.paths if isinstance(result, DetailedDiff) else {}


def _detailed(result: Any) -> dict[str, Any]:
    """Old values from the outputs, new ones from the inputs."""
    replaces = result.replaces or []
    found = {}
    for path, kind in _paths(result).items():
        name = kind.upper()
        if re.split(r"[.\[]", path)[0] in replaces:
            name = f"{name}_REPLACE"
        found[path] = provider_pb2.PropertyDiff(kind=provider_pb2.PropertyDiff.Kind.Value(name))
    return found


def _predicted(provider: ResourceProvider, olds: Props, news: Props) -> Props:
    """Outputs at preview: the inputs, and what the provider is sure of; the rest is unknown."""
    predict = getattr(provider, "predict", None)
    return {**news, **(predict(olds, news) if predict else {})}


def _struct(values: Mapping[str, Any], *bags: Mapping[str, Any]) -> struct_pb2.Struct:
    """Properties for the engine, with the provider that their resource came with."""
    named = [bag[PROVIDER_KEY] for bag in bags if PROVIDER_KEY in bag]
    whole = {**values, **({PROVIDER_KEY: named[0]} if named else {})}
    made: struct_pb2.Struct = asyncio.run(rpc.serialize_properties(whole, {}))
    return made

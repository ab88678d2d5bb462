"""What callers are told of a function: its handle."""

from __future__ import annotations

from collections.abc import Mapping

from modal_proto import api_pb2


def function_handle(
    request: api_pb2.FunctionPrecreateRequest, urls: Mapping[str, str]
) -> api_pb2.FunctionHandleMetadata:
    """The handle of a function to be; `urls` by method, "" for the function's own."""
    metadata = api_pb2.FunctionHandleMetadata(
        function_name=request.function_name,
        function_type=request.function_type,
        app_id=request.app_id,
        web_url=urls.get("", ""),
        supported_input_formats=request.supported_input_formats,
        supported_output_formats=request.supported_output_formats,
    )
    if request.HasField("function_schema"):
        metadata.function_schema.CopyFrom(request.function_schema)
    for name, method in request.method_definitions.items():
        metadata.method_handle_metadata[name].CopyFrom(
            _method_handle(name, method, urls.get(name, ""))
        )
    return metadata


def bound_handle(
    metadata: api_pb2.FunctionHandleMetadata, base_function_id: str
) -> api_pb2.FunctionHandleMetadata:
    """The handle of a variant: no URL of its own."""
    variant = api_pb2.FunctionHandleMetadata()
    variant.CopyFrom(metadata)
    variant.base_function_id = base_function_id
    return variant


def function_data(request: api_pb2.FunctionCreateRequest) -> api_pb2.FunctionData:
    """A definition in its general form: one choice of hardware, or several in order."""
    data = api_pb2.FunctionData()
    if request.HasField("function_data"):
        data.CopyFrom(request.function_data)
        data.ranked_functions.sort(key=lambda ranked: ranked.rank)
        return data
    function = request.function
    shared = {field.name for field in data.DESCRIPTOR.fields} - {"ranked_functions"}
    for field, value in function.ListFields():
        if field.name not in shared:
            continue
        if field.message_type is None and not field.is_repeated:
            setattr(data, field.name, value)
        elif field.is_repeated:
            _copy_repeated(getattr(data, field.name), value)
        else:
            getattr(data, field.name).CopyFrom(value)
    data.ranked_functions.add(function=function)
    return data


def _copy_repeated(target: object, value: object) -> None:
    target.MergeFrom(value)  # type: ignore[attr-defined]  # lists and maps of protobuf both have it


def _method_handle(
    name: str, method: api_pb2.MethodDefinition, web_url: str
) -> api_pb2.FunctionHandleMetadata:
    metadata = api_pb2.FunctionHandleMetadata(
        function_name=method.function_name,
        function_type=method.function_type,
        is_method=True,
        use_method_name=name,
        web_url=web_url,
        supported_input_formats=method.supported_input_formats,
        supported_output_formats=method.supported_output_formats,
    )
    if method.HasField("function_schema"):
        metadata.function_schema.CopyFrom(method.function_schema)
    return metadata

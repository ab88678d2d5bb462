"""An answer is read only where reading it runs no code."""

from __future__ import annotations

import pickle
from typing import Any

import cbor2
import pytest
from modal.exception import RemoteError
from modal_proto import api_pb2

from pulumi_modal.gateway.call_child import read_result

SUCCESS = api_pb2.GenericResult.GENERIC_STATUS_SUCCESS
FAILURE = api_pb2.GenericResult.GENERIC_STATUS_FAILURE
TIMEOUT = api_pb2.GenericResult.GENERIC_STATUS_TIMEOUT
RAN: list[str] = []


class Trap:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return RAN.append, ("ran",)


async def read(status: Any, data: bytes, form: Any, exception: str = "") -> Any:
    result = api_pb2.GenericResult(status=status, data=data, exception=exception)
    return await read_result(result, form, None)


async def test_plain_data_is_read() -> None:
    data = cbor2.dumps({"a": [1, "b"]})
    assert await read(SUCCESS, data, api_pb2.DATA_FORMAT_CBOR) == {"a": [1, "b"]}


@pytest.mark.parametrize("status", [SUCCESS, FAILURE, TIMEOUT])
@pytest.mark.parametrize("form", [api_pb2.DATA_FORMAT_PICKLE, api_pb2.DATA_FORMAT_UNSPECIFIED])
async def test_a_pickle_is_never_loaded(status: Any, form: Any) -> None:
    with pytest.raises(RemoteError):
        await read(status, pickle.dumps(Trap()), form)
    assert RAN == []


async def test_a_failure_is_told_in_the_words_of_the_container() -> None:
    with pytest.raises(RemoteError, match="ValueError: no weights"):
        await read(FAILURE, b"", api_pb2.DATA_FORMAT_CBOR, "ValueError: no weights")
    with pytest.raises(RemoteError, match="it ran into its timeout"):
        await read(TIMEOUT, b"", api_pb2.DATA_FORMAT_CBOR)

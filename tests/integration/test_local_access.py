"""Who may call what of a running local Modal."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from google.protobuf.empty_pb2 import Empty
from grpclib.client import Channel
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from modal_proto import api_grpc, api_pb2

from tests.fakes.local_modal import LocalModalServer, local_modal

ESCAPE = """
import modal

app = modal.App("escape")


@app.function()
async def attempt():
    import os
    from grpclib.client import Channel
    from grpclib.exceptions import GRPCError
    from modal_proto import api_grpc, api_pb2

    name, _, value = os.environ["MODAL_OVERRIDE_HEADERS"].partition(":")
    host, _, port = os.environ["MODAL_SERVER_URL"].removeprefix("http://").partition(":")
    channel = Channel(host, int(port))
    stub = api_grpc.ModalClientStub(channel)
    outcomes = {"token": os.environ.get("MODAL_TOKEN_SECRET", "")}
    for rpc, request in {
        "AppStop": api_pb2.AppStopRequest(app_id="ap-1"),
        "AppList": api_pb2.AppListRequest(),
        "SecretList": api_pb2.SecretListRequest(),
        "EnvironmentDelete": api_pb2.EnvironmentDeleteRequest(name="main"),
        "FunctionCreate": api_pb2.FunctionCreateRequest(),
    }.items():
        try:
            await getattr(stub, rpc)(request, metadata={name: value})
            outcomes[rpc] = "allowed"
        except GRPCError as error:
            outcomes[rpc] = error.status.name
    channel.close()
    return outcomes
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalModalServer]:
    with local_modal(tmp_path_factory.mktemp("access")) as running:
        yield running


@asynccontextmanager
async def a_stub(server: LocalModalServer) -> AsyncIterator[api_grpc.ModalClientStub]:
    port = int(server.access["MODAL_SERVER_URL"].rpartition(":")[2])
    channel = Channel("127.0.0.1", port)
    try:
        yield api_grpc.ModalClientStub(channel)
    finally:
        channel.close()


def credentials(server: LocalModalServer) -> dict[str, str]:
    access = server.access
    return {
        "x-modal-token-id": access["MODAL_TOKEN_ID"],
        "x-modal-token-secret": access["MODAL_TOKEN_SECRET"],
    }


async def refusal(server: LocalModalServer, metadata: dict[str, str]) -> GRPCError:
    async with asyncio.timeout(10), a_stub(server) as stub:
        with pytest.raises(GRPCError) as error:
            await stub.EnvironmentList(Empty(), metadata=metadata)
        return error.value


async def test_a_call_without_the_token_or_with_a_wrong_one_is_refused(
    server: LocalModalServer,
) -> None:
    right = credentials(server)
    wrong = [
        {},
        {**right, "x-modal-token-secret": "as-wrong"},
        {**right, "x-modal-token-id": "ak-wrong"},
        {**right, "x-task": "ta-1:guess"},
        {"x-task": ":"},
    ]
    for metadata in wrong:
        error = await refusal(server, metadata)
        assert error.status is Status.UNAUTHENTICATED, metadata


def test_the_stock_client_is_told_what_to_do_about_a_wrong_token(server: LocalModalServer) -> None:
    result = server.modal("app", "list", check=False, MODAL_TOKEN_SECRET="as-wrong")
    assert result.returncode == 1
    assert "python -m modal_local env" in " ".join(result.stderr.split())


async def test_containers_cannot_call_what_is_for_clients(
    server: LocalModalServer, tmp_path: Path
) -> None:
    (tmp_path / "escape.py").write_text(ESCAPE)
    await asyncio.to_thread(server.modal, "deploy", "escape.py", cwd=tmp_path)
    code = 'import modal\nprint(modal.Function.from_name("escape", "attempt").remote())'
    printed = (await asyncio.to_thread(server.python, code)).stdout
    outcomes = eval(printed)  # noqa: S307 - a dict that the test itself has printed
    assert outcomes.pop("token") == ""
    assert set(outcomes.values()) == {"PERMISSION_DENIED"}, outcomes


async def test_clients_cannot_act_as_containers(server: LocalModalServer) -> None:
    async with asyncio.timeout(10), a_stub(server) as stub:
        with pytest.raises(GRPCError) as error:
            await stub.FunctionGetInputs(
                api_pb2.FunctionGetInputsRequest(), metadata=credentials(server)
            )
    assert error.value.status is Status.PERMISSION_DENIED


async def test_what_is_not_implemented_says_its_name(server: LocalModalServer) -> None:
    async with asyncio.timeout(10), a_stub(server) as stub:
        with pytest.raises(GRPCError) as error:
            await stub.WorkspaceBillingRates(
                api_pb2.WorkspaceBillingRatesRequest(), metadata=credentials(server)
            )
    assert error.value.status is Status.UNIMPLEMENTED
    assert "WorkspaceBillingRates is not implemented" in str(error.value.message)


async def test_addresses_of_blobs_cannot_be_made_up_or_reused_otherwise(
    server: LocalModalServer,
) -> None:
    async with asyncio.timeout(20), a_stub(server) as stub, httpx.AsyncClient() as http:
        metadata = credentials(server)
        made = await stub.BlobCreate(api_pb2.BlobCreateRequest(content_length=3), metadata=metadata)
        upload = made.upload_urls.items[0]
        assert (await http.put(upload, content=b"abc")).headers["etag"] == (
            '"900150983cd24fb0d6963f7d28e17f72"'
        )
        request = api_pb2.BlobGetRequest(blob_id=made.blob_ids[0])
        download = (await stub.BlobGet(request, metadata=metadata)).download_url
        assert (await http.get(download)).content == b"abc"
        bad = [
            upload,  # signed for another method
            download.partition("?")[0],
            download.replace("expires=", "expires=9"),
            download.replace(made.blob_ids[0], "bl-1234567890123456789012"),
            download.replace(made.blob_ids[0], "../../modal.toml"),
        ]
        statuses = [(await http.get(address)).status_code for address in bad]
    assert set(statuses) <= {403, 404}


def test_the_config_file_alone_is_enough_for_the_stock_client(server: LocalModalServer) -> None:
    profile = tomllib.loads((server.home / "modal.toml").read_text())["local"]
    assert profile["active"] is True
    names = ("MODAL_SERVER_URL", "MODAL_TOKEN_ID", "MODAL_TOKEN_SECRET")
    code = "\n".join(
        [
            "import os",
            *(f"os.environ.pop({name!r})" for name in names),
            "import modal",
            "print(modal.Environment.from_name('main').hydrate().name)",
        ]
    )
    assert server.python(code).stdout.strip() == "main"

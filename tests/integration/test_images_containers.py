"""Real containers of real images, against the few RPCs that a container needs."""

from __future__ import annotations

import asyncio
import os
import pickle
import textwrap
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from modal_proto import api_pb2

from modal_local.images.builder import ImageBuilder
from modal_local.model import LiveFunction, TaskSpec
from modal_local.supervisor.process import RunningContainer
from modal_local.supervisor.runtime import Addresses, ProcessRuntime, RuntimeFolders
from tests.fakes.container_side import ContainerSide, serve_container
from tests.fakes.materials import Materials

DEADLINE_S = 90
ROOT = Path("/")


@dataclass
class Lines:
    """A log sink that keeps all."""

    lines: list[str] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def line_with(self, text: str) -> str:
        """The first line that holds a text, as soon as it is there."""
        while not (found := [line for line in self.lines if text in line]):
            self.more.clear()
            await self.more.wait()
        return found[0]

    def append(
        self, app_id: str, *, function_id: str, task_id: str, descriptor: int, text: str
    ) -> None:
        del app_id, function_id, task_id
        self.lines.append(f"{descriptor} {text.rstrip()}")
        self.more.set()

    def tail(self, app_id: str, *, task_id: str = "", lines: int = 20) -> Sequence[str]:
        del app_id, task_id
        return self.lines[-lines:]


@dataclass
class Started:
    """A container under test."""

    process: RunningContainer
    side: ContainerSide
    log: Lines
    folder: Path

    async def answer(self) -> object:
        """What the function returned."""
        async with asyncio.timeout(DEADLINE_S):
            await self.side.answered.wait()
        (output,) = self.side.outputs
        assert not output.result.exception, output.result.exception
        return pickle.loads(output.result.data)  # noqa: S301 - made by this test

    async def finish(self) -> int:
        """Send the kill switch and wait for the end."""
        self.side.hold.set()
        async with asyncio.timeout(DEADLINE_S):
            return await self.process.wait()


@asynccontextmanager
async def started(
    folder: Path, body: str, *, workdir: str = "", plain: bool = False
) -> AsyncIterator[Started]:
    """A container whose function `f` has this body."""
    materials = Materials(folder)
    source = f"import os, sys\nimport modal\napp = modal.App('x')\n\ndef f():\n{body}"
    files = {"/root/src.py": source.encode(), "/models/big": b"m" * 300_000, "/models/small": b"s"}
    materials.mount("mo-1", files)
    materials.secrets["st-1"] = {"SECRET": "value"}
    home = folder / "home"
    async with AsyncExitStack() as stack:
        builder = await stack.enter_async_context(ImageBuilder(home / "images", materials))
        image_id = await an_image(builder, workdir)
        side = await stack.enter_async_context(serve_container(ContainerSide([an_input()])))
        log = Lines()
        runtime = ProcessRuntime(
            RuntimeFolders(home, home / "containers", home / "images"),
            catalog=materials,
            images=builder.image,
            logs=log,
            addresses=Addresses(lambda: side.url),
        )
        if plain:
            runtime.refuse_namespaces("for this test")
        elif not await runtime.probe():
            pytest.skip(f"no mount namespaces here: {runtime.no_namespaces}")
        process = await runtime.start(TaskSpec("ta-1", "s3cret", a_function(image_id)))
        try:
            yield Started(process, side, log, home)
        finally:
            process.kill()
            await process.wait()


async def an_image(builder: ImageBuilder, workdir: str) -> str:
    commands = ["FROM python:3.11.12-slim-bookworm"] + ([f"WORKDIR {workdir}"] if workdir else [])
    image = api_pb2.Image(dockerfile_commands=commands)
    image_id = await builder.request(api_pb2.ImageGetOrCreateRequest(image=image))
    build = builder.build(image_id)
    if build is not None and build.task is not None:
        await build.task
    return image_id


def an_input() -> api_pb2.FunctionGetInputsItem:
    arguments = api_pb2.FunctionInput(
        args=pickle.dumps(((), {})), data_format=api_pb2.DATA_FORMAT_PICKLE
    )
    return api_pb2.FunctionGetInputsItem(input_id="in-1", function_call_id="fc-1", input=arguments)


def a_function(image_id: str) -> LiveFunction:
    definition = api_pb2.Function(
        module_name="src",
        function_name="f",
        implementation_name="f",
        image_id=image_id,
        mount_ids=["mo-1"],
        secret_ids=["st-1"],
        definition_type=api_pb2.Function.DEFINITION_TYPE_FILE,
        function_type=api_pb2.Function.FUNCTION_TYPE_FUNCTION,
        volume_mounts=[
            api_pb2.VolumeMount(volume_id="vo-1", mount_path="/vol"),
            api_pb2.VolumeMount(volume_id="vo-2", mount_path="/ro", read_only=True),
        ],
    )
    metadata = api_pb2.FunctionHandleMetadata(function_name="f")
    return LiveFunction(
        function_id="fu-1",
        base_function_id="fu-1",
        definition_id="de-1",
        tag="f",
        app_id="ap-1",
        app_name="x",
        environment="main",
        version=1,
        definition=definition,
        autoscaler=api_pb2.AutoscalerSettings(),
        serialized_params=b"",
        layout=api_pb2.AppLayout(
            objects=[api_pb2.Object(object_id="fu-1", function_handle_metadata=metadata)],
            function_ids={"f": "fu-1"},
        ),
    )


def body(text: str) -> str:
    return textwrap.indent(textwrap.dedent(text), "    ")


async def test_a_container_answers_with_the_code_secrets_and_identity_it_was_given(
    tmp_path: Path,
) -> None:
    code = body("""
        print("hello")
        print("trouble", file=sys.stderr)
        return os.environ["SECRET"], os.getcwd(), os.environ["MODAL_TASK_ID"], __file__
    """)
    async with started(tmp_path, code) as container:
        assert await container.answer() == ("value", "/root", "ta-1", "/root/src.py")
        assert await container.finish() == 0
        assert container.side.headers == ["ta-1:s3cret"]
        assert {"1 hello", "2 trouble"} <= set(container.log.lines)
        assert list((container.folder / "containers").iterdir()) == []


async def test_files_and_volumes_are_at_their_absolute_paths(tmp_path: Path) -> None:
    code = body("""
        def refused(path):
            try:
                open(path, "w")
            except OSError as error:
                return error.errno
        with open("/vol/out", "w") as file:
            file.write("kept")
        with open("/models/new", "w") as file:
            file.write("lost")
        sizes = [os.path.getsize(f"/models/{name}") for name in ("big", "small")]
        return sizes, refused("/models/big"), refused("/ro/x"), os.getcwd(), os.listdir("/tmp")
    """)
    async with started(tmp_path, code, workdir="/srv/app") as container:
        seen: Any = await container.answer()
        sizes, big, read_only, directory, temporary = seen
        assert (sizes, big, read_only, directory) == ([300_000, 1], 30, 30, "/srv/app")
        assert all(name in tmp_path.parts for name in temporary)
        await container.finish()
    assert (tmp_path / "volumes/vo-1/out").read_text() == "kept"
    assert not {"models", "ro", "vol"} & {path.name for path in ROOT.iterdir()}  # noqa: ASYNC240 - one look


async def test_the_folder_of_the_local_modal_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/modal.toml").write_text("token_secret = 'x'")
    code = body(f"""
        return sorted(os.listdir({str(tmp_path / "home")!r}))
    """)
    async with started(tmp_path, code) as container:
        assert await container.answer() == ["images"]


async def test_without_namespaces_code_runs_and_missing_paths_are_said(tmp_path: Path) -> None:
    code = body("""
        return os.path.exists("/models"), os.path.basename(os.getcwd())
    """)
    async with started(tmp_path, code, plain=True) as container:
        assert await container.answer() == (False, "root")
        said = [line for line in container.log.lines if line.startswith("3 ")]
        assert said == [
            f"3 {path} is not at its place: for this test" for path in ("/models", "/ro", "/vol")
        ]


async def test_killing_a_container_kills_what_it_started(tmp_path: Path) -> None:
    code = body("""
        import subprocess, time
        child = subprocess.Popen(["sleep", "600"])
        print("child", child.pid, flush=True)
        time.sleep(600)
    """)
    async with started(tmp_path, code) as container:
        async with asyncio.timeout(DEADLINE_S):
            child = int((await container.log.line_with("child")).split()[-1])
        assert psutil.pid_exists(child)
        container.process.kill()
        assert await container.finish() == -9
        gone = not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie"
        assert gone
    assert os.getpid() != child


async def test_a_container_that_is_asked_to_end_does_so_in_order(tmp_path: Path) -> None:
    async with started(tmp_path, body("return 1")) as container:
        await container.answer()
        container.process.terminate()
        async with asyncio.timeout(DEADLINE_S):
            assert await container.process.wait() == 0

"""Real builds: uv, the package registry, environments on disk."""

from __future__ import annotations

import asyncio
import os
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from modal_proto import api_pb2

from modal_local.errors import Invalid, NotFound
from modal_local.images.builder import Build, ImageBuilder
from tests.fakes.materials import Materials

BASE = ["FROM python:3.11.12-slim-bookworm", "RUN apt-get update"]
SIX = ["FROM base", "RUN python -m pip install six==1.16.0"]


def a_request(
    commands: Sequence[str], base: str = "", **fields: object
) -> api_pb2.ImageGetOrCreateRequest:
    image = api_pb2.Image(dockerfile_commands=commands, **fields)  # type: ignore[arg-type]  # by name
    if base:
        image.base_images.add(docker_tag="base", image_id=base)
    return api_pb2.ImageGetOrCreateRequest(image=image, builder_version="2025.06")


async def built(
    builder: ImageBuilder, request: api_pb2.ImageGetOrCreateRequest
) -> tuple[str, Build | None]:
    image_id = await builder.request(request)
    build = builder.build(image_id)
    if build is not None and build.task is not None:
        await asyncio.wait({build.task})
    return image_id, build


def make_wheel(folder: Path, name: str, size: int) -> None:
    """A package of this size that no compression makes smaller."""
    folder.mkdir(exist_ok=True)
    about = f"{name}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": f"SIZE = {size}\n".encode(),
        f"{name}/weights.bin": os.urandom(size),
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, content in {**files, f"{about}/RECORD": record.encode()}.items():
            wheel.writestr(path, content)


def disk_use(folder: Path) -> int:
    """Bytes on disk; a file with several names counts once."""
    inodes = {}
    for path in folder.rglob("*"):
        entry = path.lstat()
        inodes[entry.st_ino] = entry.st_blocks * 512
    return sum(inodes.values())


def a_build(folder: Path) -> subprocess.Popen[bytes]:
    """What a build is known by."""
    return subprocess.Popen(
        ["sleep", "600"],  # noqa: S607 - any program that waits
        env={"PATH": os.environ["PATH"], "MODAL_LOCAL_BUILD": str(folder)},
    )


def python(builder: ImageBuilder, image_id: str, code: str) -> str:
    interpreter = builder.image(image_id).python
    result = subprocess.run(
        [interpreter, "-c", code], check=True, capture_output=True, text=True, env={}
    )
    return result.stdout.strip()


async def test_a_chain_of_layers_gives_an_interpreter_with_its_packages(tmp_path: Path) -> None:
    async with ImageBuilder(tmp_path / "images", Materials(tmp_path)) as builder:
        base, _ = await built(builder, a_request(BASE))
        six, build = await built(builder, a_request(SIX, base))
        assert build is not None
        assert any("six==1.16.0" in line for line in build.log.lines)
        last, _ = await built(builder, a_request(["FROM base", "ENV A=1", "WORKDIR /app"], six))
        image = builder.image(last)
        assert (image.env["A"], image.workdir) == ("1", "/app")
        assert python(builder, last, "import six; print(six.__version__)") == "1.16.0"
        with pytest.raises(subprocess.CalledProcessError):
            python(builder, base, "import six")  # a layer does not change the one below it


async def test_equal_recipes_are_one_image_and_one_build(tmp_path: Path) -> None:
    async with ImageBuilder(tmp_path / "images", Materials(tmp_path)) as builder:
        base, _ = await built(builder, a_request(BASE))
        ids = [await builder.request(a_request(SIX, base)) for _ in range(3)]
        assert len(set(ids)) == 1
        first = builder.build(ids[0])
        assert first is not None
        assert first.task is not None
        await first.task
        await builder.request(a_request(SIX, base))
        assert builder.build(ids[0]) is first  # found, not built again


async def test_images_survive_a_restart_and_half_a_build_does_not(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    async with ImageBuilder(folder, Materials(tmp_path)) as builder:
        base, _ = await built(builder, a_request(BASE))
    (folder / "environments" / ".draft-killed").mkdir()
    async with ImageBuilder(folder, Materials(tmp_path)) as builder:
        again, build = await built(builder, a_request(BASE))
        assert (again, build) == (base, None)
    assert not list((folder / "environments").glob(".draft-*"))


async def test_a_build_of_a_killed_server_is_ended_and_others_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "images" / "environments"
    folder.mkdir(parents=True)
    left, other = a_build(folder), a_build(tmp_path)
    try:
        async with ImageBuilder(tmp_path / "images", Materials(tmp_path)):
            await asyncio.to_thread(left.wait, 10)
            assert other.poll() is None
    finally:
        for process in (left, other):
            process.kill()
            process.wait()


async def test_another_recipe_of_equal_packages_reuses_their_environment(tmp_path: Path) -> None:
    async with ImageBuilder(tmp_path / "images", Materials(tmp_path)) as builder:
        base, _ = await built(builder, a_request(BASE))
        one, _ = await built(builder, a_request(SIX, base))
        gpu = api_pb2.GPUConfig(gpu_type="T4", count=1)
        other, build = await built(builder, a_request(SIX, base, gpu_config=gpu))
        assert one != other
        assert builder.image(one).python == builder.image(other).python
        assert build is not None
        assert "in place already" in "\n".join(build.log.lines)


async def test_images_built_at_once_share_a_large_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    size = 64 * 1024**2
    make_wheel(tmp_path / "wheels", "bulky", size)
    make_wheel(tmp_path / "wheels", "slight", 1024)
    async with ImageBuilder(tmp_path / "images", Materials(tmp_path)) as builder:
        base, _ = await built(builder, a_request(BASE))
        before = disk_use(tmp_path)
        recipes = ["bulky==1.0", "bulky==1.0 slight==1.0", "slight==1.0 bulky==1.0"]
        requests = [a_request(["FROM base", f"RUN pip install {each}"], base) for each in recipes]
        images = await asyncio.gather(*(built(builder, request) for request in requests))
        logs = [build.log.lines for _, build in images if build is not None]
        waited = [lines[0].startswith("Waiting for another image") for lines in logs]
        assert waited == [False, True, True]  # two at a time would each fetch it
        for image_id, _ in images:
            assert python(builder, image_id, "import bulky; print(bulky.SIZE)") == str(size)
    assert disk_use(tmp_path) - before < 1.2 * size  # once, not three times


async def test_a_wrong_package_name_fails_with_the_lines_that_say_why(tmp_path: Path) -> None:
    async with ImageBuilder(tmp_path / "images", Materials(tmp_path)) as builder:
        base, _ = await built(builder, a_request(BASE))
        command = "RUN python -m pip install pulumi-modal-no-such-package==1"
        image_id, build = await built(builder, a_request(["FROM base", command], base))
        assert build is not None
        assert "pulumi-modal-no-such-package" in build.failure
        assert builder.record(image_id) is None
        retried = await builder.request(a_request(["FROM base", command], base))
        assert builder.build(retried) is not build  # a failure is not kept


async def test_values_of_secrets_stay_out_of_logs_and_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    materials = Materials(tmp_path)
    materials.secrets["st-1"] = {"TOKEN": "t0ken-t0ken"}
    async with ImageBuilder(tmp_path / "images", materials) as builder:
        base, _ = await built(builder, a_request(BASE))
        command = 'RUN pip install six --index-url "http://u:$TOKEN@127.0.0.1:9/simple"'
        request = a_request(["FROM base", command], base, secret_ids=["st-1"])
        _, build = await built(builder, request)
        assert build is not None
        assert build.failure
        assert "t0ken" not in "\n".join([build.failure, *build.log.lines])
    kept = [path.read_text() for path in (tmp_path / "images/records").iterdir()]
    assert not any("t0ken" in text for text in kept)


async def test_a_new_secret_of_equal_content_is_the_same_image(tmp_path: Path) -> None:
    materials = Materials(tmp_path)
    materials.secrets = {"st-1": {"A": "1"}, "st-2": {"A": "1"}, "st-3": {"A": "2"}}
    async with ImageBuilder(tmp_path / "images", materials) as builder:
        ids = [
            (await built(builder, a_request(BASE, secret_ids=[secret])))[0]
            for secret in ("st-1", "st-2", "st-3")
        ]
    assert ids[0] == ids[1] != ids[2]


async def test_files_come_from_the_context(tmp_path: Path) -> None:
    materials = Materials(tmp_path)
    materials.mount("mo-1", {"/pkg/data.txt": b"hello"})
    async with ImageBuilder(tmp_path / "images", materials) as builder:
        base, _ = await built(builder, a_request(BASE))
        request = a_request(["FROM base", "COPY . /opt"], base, context_mount_id="mo-1")
        copied, _ = await built(builder, request)
        (file,) = builder.image(copied).files
        assert (file.remote_path, file.content.read_bytes()) == ("/opt/pkg/data.txt", b"hello")


async def test_a_requirements_file_is_installed(tmp_path: Path) -> None:
    async with ImageBuilder(tmp_path / "images", Materials(tmp_path)) as builder:
        base, _ = await built(builder, a_request(BASE))
        commands = [
            "FROM base",
            "COPY /.requirements.txt /.requirements.txt",
            "RUN python -m pip install -r /.requirements.txt",
        ]
        files = [api_pb2.ImageContextFile(filename="/.requirements.txt", data=b"six==1.16.0\n")]
        image_id, _ = await built(builder, a_request(commands, base, context_files=files))
        assert python(builder, image_id, "import six; print(six.__version__)") == "1.16.0"


async def test_what_cannot_be_built_is_refused_before_it_starts(tmp_path: Path) -> None:
    async with ImageBuilder(tmp_path / "images", Materials(tmp_path)) as builder:
        function = api_pb2.BuildFunction(definition="x")
        with pytest.raises(Invalid, match="run_function"):
            await builder.request(a_request([], build_function=function))
        with pytest.raises(NotFound, match="base image"):
            await builder.request(a_request(SIX, "im-none"))

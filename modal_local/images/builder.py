"""Images: what was asked for -> an id, a build when there is none yet, and what came of it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, Self

from modal_proto import api_pb2

from modal_local.errors import Invalid, NotFound
from modal_local.images.dockerfile import DockerfileError
from modal_local.images.environment import Environments, environment_key
from modal_local.images.install import StepInstaller, step_digest
from modal_local.images.installation import InstallationError
from modal_local.images.layer import DEFAULT_ENV, Layer, plan_layer
from modal_local.images.log import BuildLog
from modal_local.images.record import ImageRecord, ImageRecords
from modal_local.images.uv import BuildFailed
from modal_local.model import BuiltImage, MountedFile

log = logging.getLogger(__name__)
CLIENT_VARIABLE: Final = "MODAL_LOCAL_CLIENT_PATH"


class Materials(Protocol):
    """What a build may use besides its own message: a part of the catalog."""

    def secret_env(self, secret_ids: Sequence[str]) -> Mapping[str, str]:
        """Variables of these secrets; later ones win."""

    def mounted_files(self, mount_ids: Sequence[str]) -> Sequence[MountedFile]:
        """The files of these mounts."""


@dataclass(slots=True)
class Build:
    """A build under way, or one that has ended in this process."""

    image_id: str
    log: BuildLog
    failure: str = ""
    done: bool = False
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def goes_on(self, seen: int) -> bool:
        """Wait for more than the lines that were seen; False when there will be none."""

        def has_news() -> bool:
            return self.done or len(self.log.lines) > seen

        await self.log.bell.wait_until(has_news, timeout_s=None)
        return len(self.log.lines) > seen


class ImageBuilder:
    """Builds images once, keeps them, and gives them to the runtime."""

    def __init__(self, folder: Path, materials: Materials) -> None:
        self._files = folder / "files"
        self._records = ImageRecords(folder / "records")
        self._environments = Environments(folder / "environments")
        self._materials = materials
        self._builds: dict[str, Build] = {}
        self._turn = asyncio.Lock()
        """One build at a time: two would each fetch and keep the packages that they share."""
        self._lifetime = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._environments.remove_drafts)
        self._tasks = await self._lifetime.enter_async_context(asyncio.TaskGroup())
        return self

    async def __aexit__(self, *failure: object) -> None:
        for build in self._builds.values():
            if build.task is not None:
                build.task.cancel()
        await self._lifetime.aclose()

    def record(self, image_id: str) -> ImageRecord | None:
        """What is known of a built image whose environment is there."""
        record = self._records.read(image_id)
        if record is None or not self._environments.is_ready(record.environment):
            return None
        return record

    def build(self, image_id: str) -> Build | None:
        """The build of an image in this process."""
        return self._builds.get(image_id)

    def built_log(self, image_id: str) -> list[str]:
        """Lines of the last build that ended."""
        return self._records.read_log(image_id)

    def image(self, image_id: str) -> BuiltImage:
        """An image ready to be run. Raises NotFound."""
        record = self.record(image_id)
        if record is None:
            raise NotFound(f"image {image_id} has not been built on this machine: deploy again")
        client = self._environments.client_path(record.environment)
        return BuiltImage(
            image_id=image_id,
            python=self._environments.python(record.environment),
            env={**record.env, CLIENT_VARIABLE: str(client)},
            workdir=record.workdir,
            files=list(record.files.values()),
        )

    async def request(self, request: api_pb2.ImageGetOrCreateRequest) -> str:
        """The id of the image asked for; its build is started when it is not there yet.

        Raises Invalid, NotFound.
        """
        image_id = self._identify(request)
        running = self._builds.get(image_id)
        if running is not None and not running.done:
            return image_id
        anew = request.force_build or request.ignore_cache
        if not anew and self.record(image_id) is not None:
            return image_id
        build = Build(image_id, BuildLog())
        self._builds[image_id] = build
        build.task = self._tasks.create_task(self._run(build, request, anew=anew))
        return image_id

    def _identify(self, request: api_pb2.ImageGetOrCreateRequest) -> str:
        image = request.image
        if image.HasField("build_function"):
            raise Invalid("Image.run_function is not supported by the local Modal yet")
        for base in image.base_images:
            if self.record(base.image_id) is None:
                raise NotFound(f"base image {base.image_id} does not exist")
        essence = api_pb2.Image()
        essence.CopyFrom(image)
        # ids of secrets and mounts are new in each deploy: what they hold is what matters
        essence.ClearField("secret_ids")
        essence.ClearField("context_mount_id")
        digest = hashlib.sha256(essence.SerializeToString(deterministic=True))
        digest.update(request.builder_version.encode())
        for name, value in sorted(self._materials.secret_env(image.secret_ids).items()):
            digest.update(f"\0{name}={value}".encode())
        for file in self._context_mount(image):
            digest.update(f"\0{file.remote_path} {file.mode} {file.content.name}".encode())
        return f"im-{digest.hexdigest()[:22]}"

    def _context_mount(self, image: api_pb2.Image) -> list[MountedFile]:
        if not image.context_mount_id:
            return []
        files = self._materials.mounted_files([image.context_mount_id])
        return sorted(files, key=lambda file: file.remote_path)

    async def _run(
        self, build: Build, request: api_pb2.ImageGetOrCreateRequest, *, anew: bool
    ) -> None:
        try:
            if self._turn.locked():
                build.log.append("Waiting for another image to be built first")
            async with self._turn:
                record = await self._make(build, request, anew=anew)
                self._records.write(record)
        except asyncio.CancelledError:
            build.failure = "the local Modal was stopped"
            raise
        except (BuildFailed, DockerfileError, InstallationError, NotFound) as error:
            build.failure = str(error)
        except Exception as error:
            log.exception("an image build broke", extra={"image_id": build.image_id})
            build.failure = f"the build broke: {error}"
        finally:
            if build.failure:
                build.log.append("The image was not built.")
            self._records.write_log(build.image_id, build.log.lines)
            build.done = True
            build.log.bell.ring()

    async def _make(
        self, build: Build, request: api_pb2.ImageGetOrCreateRequest, *, anew: bool
    ) -> ImageRecord:
        image = request.image
        secrets = dict(self._materials.secret_env(image.secret_ids))
        build.log.hide(secrets.values())
        bases = [self.record(base.image_id) for base in image.base_images]
        base = bases[0] if bases else None
        variables = {**image.build_args, **secrets}
        start = _start(base, variables)
        layer = plan_layer(list(image.dockerfile_commands), start, self._context(image))
        for note in layer.notes:
            build.log.append(note)
        environment = base.environment if base else await self._environments.base(build.log)
        for step in layer.steps:
            build.log.append(f"=> {step.line}")
            salt = uuid.uuid4().hex if anew else ""
            key = environment_key(environment, step_digest(step), salt)
            if self._environments.is_ready(key):
                build.log.append("   (packages are in place already)")
            installer = StepInstaller(step, layer.visible(), build.log)
            await self._environments.derive(environment, key, installer)
            environment = key
        return ImageRecord(
            image_id=build.image_id,
            environment=environment,
            env=layer.env,
            workdir=layer.workdir,
            files=layer.files,
            notes=(*(base.notes if base else ()), *layer.notes),
            builder_version=request.builder_version,
        )

    def _context(self, image: api_pb2.Image) -> Mapping[str, MountedFile]:
        context = {file.remote_path: file for file in self._context_mount(image)}
        for file in image.context_files:
            name = hashlib.sha256(file.data).hexdigest()
            path = self._files / name
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                draft = path.with_suffix(".draft")
                draft.write_bytes(file.data)
                draft.replace(path)
            remote = "/" + file.filename.lstrip("/")
            context[remote] = MountedFile(remote_path=remote, content=path, mode=0o644)
        return context


def _start(base: ImageRecord | None, variables: Mapping[str, str]) -> Layer:
    if base is None:
        return Layer(env=dict(DEFAULT_ENV), workdir="", files={}, variables=dict(variables))
    return Layer(
        env=dict(base.env),
        workdir=base.workdir,
        files=dict(base.files),
        variables=dict(variables),
    )

"""`Volume` over a real local Modal: every operation, and that no file is lost by one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import modal
import pytest

from pulumi_modal.errors import Refused, SpecError
from pulumi_modal.provider.volume import VolumeProvider
from tests.fakes.local_modal import LocalModalServer
from tests.fakes.operations import Managed
from tests.fakes.places import a_place


@pytest.fixture
def place(
    server: LocalModalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    with a_place(server, tmp_path, monkeypatch) as environment:
        yield {"name": "models", "environment": environment, "workspace": "local"}


def files_in(server: LocalModalServer, place: dict[str, str], *, put: str = "") -> list[str] | None:
    """What is in the volume, with a file more; None when it is gone."""
    with server.client() as client:
        volume = modal.Volume.from_name(
            place["name"], environment_name=place["environment"], client=client
        )
        try:
            if put:
                with volume.batch_upload() as batch:
                    batch.put_file(io.BytesIO(b"weights"), put)
            return [one.path for one in volume.listdir("/")]
        except modal.exception.NotFoundError:
            return None


@pytest.mark.parametrize("version", [1, 2])
def test_an_empty_volume_is_made_and_removed(
    server: LocalModalServer, place: dict[str, str], version: int
) -> None:
    volume = Managed(VolumeProvider())
    outs = volume.up(**place, version=version)
    assert outs["version"] == version
    assert volume.id == f"{place['environment']}/models"
    assert files_in(server, place) == []
    volume.destroy()
    assert files_in(server, place) is None


@pytest.mark.parametrize("version", [1, 2])
def test_files_are_lost_only_when_the_stack_says_so(
    server: LocalModalServer, place: dict[str, str], version: int
) -> None:
    volume = Managed(VolumeProvider())
    volume.up(**place, version=version)
    files_in(server, place, put="/weights.bin")
    with pytest.raises(Refused, match=r"volume .*/models: is not empty.* on_delete to force"):
        volume.destroy()
    outs = volume.up(**place, version=version, on_delete="force")
    assert files_in(server, place) == ["weights.bin"]
    volume.destroy()
    assert files_in(server, place) is None
    VolumeProvider().delete("x", outs)  # gone already


def test_a_volume_that_is_retained_stays(server: LocalModalServer, place: dict[str, str]) -> None:
    volume = Managed(VolumeProvider())
    volume.up(**place, on_delete="retain")
    volume.destroy()
    assert files_in(server, place) == []
    assert "left in Modal" in volume.said[-1]


def test_one_that_was_made_anew_keeps_its_files(
    server: LocalModalServer, place: dict[str, str]
) -> None:
    volume = Managed(VolumeProvider())
    volume.up(**place, on_delete="force")
    outs = volume.outs
    with server.client() as client:
        environment = place["environment"]
        modal.Volume.objects.delete("models", environment_name=environment, client=client)
        modal.Volume.objects.create("models", environment_name=environment, client=client)
    files_in(server, place, put="/theirs.bin")
    volume.destroy()
    assert files_in(server, place) == ["theirs.bin"]
    assert "left as it is, for it was deleted, and made anew by" in volume.said[-1]
    assert Managed(VolumeProvider()).up(**place)["volume_id"] != outs["volume_id"]


def test_one_that_is_there_is_used_with_its_files(
    server: LocalModalServer, place: dict[str, str]
) -> None:
    first = Managed(VolumeProvider()).up(**place)
    files_in(server, place, put="/weights.bin")
    volume = Managed(VolumeProvider())
    assert volume.up(**place) == first
    assert files_in(server, place) == ["weights.bin"]
    with pytest.raises(Refused, match="of version 1, and Modal cannot convert it"):
        Managed(VolumeProvider()).up(**place, version=2)


def test_a_refresh_says_what_is_there(server: LocalModalServer, place: dict[str, str]) -> None:
    volume = Managed(VolumeProvider())
    volume.up(**place, on_delete="retain")
    inputs, outs = volume.inputs, volume.outs
    assert volume.refresh()
    assert (volume.inputs, volume.outs) == (inputs, outs)
    environment = place["environment"]
    with server.client() as client:
        modal.Volume.objects.delete("models", environment_name=environment, client=client)
        modal.Volume.objects.create(
            "models", version=2, environment_name=environment, client=client
        )
    id_ = volume.id
    assert not volume.refresh()
    assert "deleted, and made anew by" in volume.said[-1]
    volume.id, volume.outs = id_, outs
    with server.client() as client:
        modal.Volume.objects.delete("models", environment_name=environment, client=client)
    assert not volume.refresh()


def test_an_import_knows_all_but_what_a_delete_is_to_do(place: dict[str, str]) -> None:
    outs = Managed(VolumeProvider()).up(**place, version=2, on_delete="force")
    volume = Managed(VolumeProvider())
    volume.take(f"{place['environment']}/models")
    assert volume.inputs == {**place, "version": 2, "on_delete": "refuse"}
    assert volume.outs == {**outs, "on_delete": "refuse"}
    with pytest.raises(SpecError, match="write <environment>/<name>"):
        volume.take("models")


@pytest.mark.parametrize(
    ("change", "replaces", "first"),
    [
        pytest.param({}, [], None, id="nothing"),
        pytest.param({"on_delete": "force"}, [], None, id="what a delete does"),
        pytest.param({"version": 2}, ["version"], True, id="a version"),
        pytest.param({"name": "other"}, ["name"], None, id="a name"),
        pytest.param({"name": "other", "version": 2}, ["name", "version"], None, id="both"),
    ],
)
def test_what_a_change_does(
    change: dict[str, Any], replaces: list[str], *, first: bool | None
) -> None:
    place = {"name": "models", "environment": "dev", "workspace": "local"}
    olds = {**place, "version": 1.0, "on_delete": "refuse", "volume_id": "vo-1", "__provider": "x"}
    news = Managed(VolumeProvider()).checked(**{**place, **change})
    result = VolumeProvider().diff("dev/models", olds, news)
    assert (result.changes, result.replaces) == (None, replaces)
    assert result.delete_before_replace is first


def test_what_is_wrong_is_told_with_what_is_meant() -> None:
    refusals = Managed(VolumeProvider()).refusals(
        environment="dev", workspace="local", version=3, on_delete="forse"
    )
    assert "name is missing" in refusals["name"]
    assert "a whole number from 1 to 2" in refusals["version"]
    assert "did you mean force?" in refusals["on_delete"]

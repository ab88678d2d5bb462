"""Digests do not depend on where or in which order things were."""

from __future__ import annotations

import pickle
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from modal_proto import api_pb2

from pulumi_modal.planning.stable import digest_of, image_identity, pickle_identity


@given(st.dictionaries(st.text(), st.integers()))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert digest_of(value) == digest_of(dict(reversed(value.items())))


@given(st.text(alphabet="abcxyz", min_size=1, max_size=300))
def test_a_pickle_is_the_same_in_any_folder(folder: str) -> None:
    def pickled(root: str) -> bytes:
        return pickle_identity(pickle.dumps({"file": f"{root}/a.py", "x": 1}), Path(root))

    assert pickled(f"/{folder}") == pickled("/home/somebody/project")


def test_a_pickle_with_another_value_is_another() -> None:
    one, two = (pickle_identity(pickle.dumps({"x": value}), Path("/p")) for value in (1, 2))
    assert one != two


def an_image(*commands: str, builder: str = "2025.06", base: str = "im-1") -> str:
    image = api_pb2.Image(
        dockerfile_commands=commands,
        base_images=[api_pb2.BaseImage(docker_tag="base", image_id=base)],
    )
    request = api_pb2.ImageGetOrCreateRequest(image=image, builder_version=builder, app_id="ap")
    return image_identity(request)


def test_an_image_is_its_recipe_its_builder_and_what_is_below() -> None:
    assert an_image("RUN a") == an_image("RUN a")
    assert len({an_image("RUN a"), an_image("RUN b"), an_image("RUN a", builder="x")}) == 3
    assert an_image("RUN a") != an_image("RUN a", base="im-2")

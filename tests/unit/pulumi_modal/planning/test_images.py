"""What the layers of an image say about its variables."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st
from modal_proto import api_pb2

from pulumi_modal.planning.images import below, chain, environment


def layers(*commands: list[str]) -> dict[str, api_pb2.ImageGetOrCreateRequest]:
    """Layers from the bottom up: im-0, im-1, ..."""
    found = {}
    for at, lines in enumerate(commands):
        image = api_pb2.Image(dockerfile_commands=lines)
        if at:
            image.base_images.add(docker_tag="base", image_id=f"im-{at - 1}")
        found[f"im-{at}"] = api_pb2.ImageGetOrCreateRequest(image=image)
    return found


def test_upper_layers_win() -> None:
    images = layers(["ENV A=low", "ENV B=low"], ["RUN x"], ["FROM base", "ENV A='on top'"])
    assert environment("im-2", images) == {"A": "on top", "B": "low"}


def test_the_layer_below_is_found_and_a_bottom_is_its_own() -> None:
    images = layers(["RUN a"], ["RUN b"])
    assert below("im-1", images) == "im-0"
    assert below("im-0", images) == "im-0"
    assert len(list(chain("im-1", images))) == 2


@given(st.text(alphabet=st.characters(exclude_categories=["C", "Z"]) | st.just(" ")))
def test_a_quoted_value_comes_back(value: str) -> None:
    assert environment("im-0", layers([f"ENV A={shlex.quote(value)}"])) == {"A": value}

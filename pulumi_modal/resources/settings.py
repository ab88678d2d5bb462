"""Settings as programs write them, key by key: made of the models that read them.

`python -m pulumi_modal.spec.typed pulumi_modal/resources/settings.py` writes this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi


class RetrySettings(TypedDict, total=False):
    """How often, and how fast, a failed input runs again."""

    max_retries: pulumi.Input[int]
    """How often a failed input runs again; required. Example: `3`."""

    backoff_coefficient: pulumi.Input[float]
    """Each delay is the last one times this. Without it: 2. Example: `2.0`."""

    initial_delay: pulumi.Input[float | str]
    """Time before the first retry. Unit: s. Without it: 1. Example: `500ms`."""

    max_delay: pulumi.Input[float | str]
    """Longest time between retries. Unit: s. Without it: 60. Example: `30s`."""


class WebSettings(TypedDict, total=False):
    """What is said of the web endpoint that the code declares."""

    label: pulumi.Input[str]
    """Name in the URL, `https://<workspace>--<label>.modal.run`. Two endpoints of an environment
    cannot share one. Without it: made by Modal from app and function. Example: `embeddings-eu`."""

    custom_domains: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Domains of your own that lead here too; each is registered in Modal's dashboard first.
    Without it: none. Example: `[api.example.com]`."""

    requires_proxy_auth: pulumi.Input[bool]
    """Only answer requests that carry a proxy token of the workspace. Without it: false; true for
    servers. Example: `true`."""


class FunctionSettings(TypedDict, total=False):
    """Settings of a function, class or server, over those in its code."""

    gpu: pulumi.Input[str | Sequence[pulumi.Input[str]]]
    """Type and number of GPUs of a container; a list is tried in order. Any case. Without it: none.
    Example: `H100:2`."""

    cpu: pulumi.Input[float | Sequence[pulumi.Input[float]]]
    """Physical cores (each two virtual CPUs) that are reserved, or reserved and at most. Unit:
    cores. Without it: 0.125. Example: `4`."""

    memory: pulumi.Input[int | str | Sequence[pulumi.Input[int | str]]]
    """Memory that is reserved, or reserved and at most. Unit: MiB. Without it: 128. Example:
    `16Gi`."""

    ephemeral_disk: pulumi.Input[int | str]
    """Disk of a container, gone with it. Modal bills it by raising the memory at 20:1. Unit: MiB.
    Without it: 524288 (512 GiB). Example: `1Ti`."""

    timeout: pulumi.Input[float | str]
    """Longest run of one input, per try. Not on servers. Unit: s. Without it: 300. Example:
    `5m`."""

    startup_timeout: pulumi.Input[float | str]
    """Longest start of a container, with loading the model in `@modal.enter`. Unit: s. Without it:
    the timeout; 30 for servers. Example: `10m`."""

    retries: pulumi.Input[int | RetrySettings]
    """How often a failed input runs again: a count, or a map (see Retries). Not on web URLs.
    Without it: 0. Example: `3`."""

    min_containers: pulumi.Input[int]
    """Containers that are always there, also without requests (and are billed). Unit: containers.
    Without it: 0. Example: `1`."""

    max_containers: pulumi.Input[int]
    """Most containers at a time; further inputs wait. Unit: containers. Without it: no limit but
    the plan's. Example: `8`."""

    buffer_containers: pulumi.Input[int]
    """Idle containers to hold ready while there are requests. Unit: containers. Without it: 0.
    Example: `1`."""

    scaledown_window: pulumi.Input[float | str]
    """How long an idle container stays (and is billed). Above 1200 s only the SDK allows it. Unit:
    s. Without it: 60. Example: `5m`."""

    scaleup_window: pulumi.Input[float | str]
    """How long load must last before a server gets more containers. Servers only. Unit: s. Without
    it: Modal's. Example: `30s`."""

    max_inputs: pulumi.Input[int]
    """Inputs (requests) that one container takes at a time. Unit: inputs per container. Without it:
    1. Example: `8`."""

    target_inputs: pulumi.Input[int]
    """Inputs per container that the autoscaler aims at; bursts go up to `max_inputs`. Unit: inputs
    per container. Without it: max_inputs. Example: `6`."""

    max_in_flight: pulumi.Input[int]
    """Inputs that all containers together take at a time: `max_containers` x inputs per container.
    Alone it sets `max_containers`; beside it the two are checked. Unit: inputs. Without it:
    max_containers x max_inputs. Example: `64`."""

    max_batch_size: pulumi.Input[int]
    """Inputs in one batch; only where the code is `@modal.batched`. Unit: inputs. Without it: the
    code's. Example: `16`."""

    wait_ms: pulumi.Input[float | str]
    """How long a batch waits to fill up; only where the code is `@modal.batched`. Unit: ms. Without
    it: the code's. Example: `20ms`."""

    env: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """Environment variables of the container. Never for secrets: use Modal secrets. Without it:
    none. Example: `{LOG_LEVEL: info}`."""

    secrets: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """Modal secrets to use instead of those in the code, one for one. Names, not values. Without
    it: the code's. Example: `{huggingface-dev: huggingface-prod}`."""

    volumes: pulumi.Input[Mapping[str, pulumi.Input[str]]]
    """Volumes to mount instead of those that the code names, by mount path. Without it: the code's.
    Example: `{/models: models-prod}`."""

    region: pulumi.Input[str | Sequence[pulumi.Input[str]]]
    """Where containers may run; costs more (1.15x for a broad region, 1.75x for a narrow one).
    Without it: anywhere. Example: `eu`."""

    routing_region: pulumi.Input[str]
    """Where inputs are taken in. Cannot change after the first deployment. Without it: us-east.
    Example: `eu-west`."""

    cloud: pulumi.Input[str]
    """Cloud provider to run on. Without it: auto. Example: `gcp`."""

    nonpreemptible: pulumi.Input[bool]
    """Never move a running container (3x the price of CPU and memory). Not with a GPU. Without it:
    false. Example: `true`."""

    web: pulumi.Input[WebSettings]
    """The web endpoint: see Web. Without it: the code's. Example: `{requires_proxy_auth: true}`."""


class ProbeSettings(TypedDict, total=False):
    """When a deployed app counts as ready."""

    path: pulumi.Input[str]
    """Path below the URL, with a query if needed. Without it: /health. Example: `/health`."""

    status: pulumi.Input[int]
    """Status that means ready. Without it: 200. Example: `200`."""

    contains: pulumi.Input[str]
    """Text that the answer must contain. Without it: none. Example: `'"status":"ok"'`."""

    function: pulumi.Input[str]
    """Function, class or server whose URL is asked, when several have one. Without it: none.
    Example: `web`."""

    call: pulumi.Input[str]
    """Function, or `Class.method`, that is called instead of a URL. Without it: none. Example:
    `Embedder.embed`."""

    args: Any
    """What the call is given. Needs `call`. Without it: none. Example: `[[a cat, a dog]]`."""

    kwargs: Any
    """What the call is given by name. Needs `call`. Without it: none. Example: `{normalize:
    true}`."""

    expect: Any
    """What the call must answer: a map may have further keys, everything else must be equal
    (numbers to a millionth). Without it any answer will do. Needs `call`. Without it: none.
    Example: `{dimensions: 384}`."""

    successes: pulumi.Input[int]
    """Answers in a row that must be as expected. Without it: 1. Example: `3`."""

    deadline: pulumi.Input[float | str]
    """How long to wait in all; a cold start and loading the model included. Unit: s. Without it:
    120. Example: `5m`."""

    interval: pulumi.Input[float | str]
    """Pause between two questions. Unit: s. Without it: 1. Example: `500ms`."""

    timeout: pulumi.Input[float | str]
    """Longest wait for one answer. Unit: s. Without it: 30. Example: `10s`."""


class CanarySettings(TypedDict, total=False):
    """How a new version is tried beside the old one, under load."""

    requests: pulumi.Input[int]
    """Requests (or calls) that each version gets; of fewer the slowest says nothing of a 95th
    percentile. Without it: 100. Example: `500`."""

    concurrency: pulumi.Input[int]
    """How many of them at a time. Without it: 4. Example: `16`."""

    method: pulumi.Input[str]
    """Method of a request; GET unless there is a body. Without it: none. Example: `POST`."""

    path: pulumi.Input[str]
    """Path below the URL; without it, and without `call`, what the probe asks. Without it: none.
    Example: `/embed`."""

    body: Any
    """What is sent, as JSON. Without it: none. Example: `{sentences: [a cat]}`."""

    status: pulumi.Input[int]
    """Status of a good answer; 200 unless said. Without it: none. Example: `201`."""

    contains: pulumi.Input[str]
    """Text that a good answer contains. Without it: none. Example: `embeddings`."""

    function: pulumi.Input[str]
    """Function, class or server whose URL is asked; the probe's unless said. Without it: none.
    Example: `web`."""

    call: pulumi.Input[str]
    """Function, or `Class.method`, that is called instead of a URL. Without it: none. Example:
    `Embedder.embed`."""

    args: Any
    """What the call is given. Needs `call`. Without it: none. Example: `[[a cat, a dog]]`."""

    kwargs: Any
    """What the call is given by name. Needs `call`. Without it: none. Example: `{normalize:
    true}`."""

    expect: Any
    """What the call must answer, as in a probe. Needs `call`. Without it: none. Example:
    `{dimensions: 384}`."""

    max_error_rate: pulumi.Input[float]
    """Most failures of the new version, as a share of its answers. Without it: 0.01. Example:
    `0.05`."""

    max_p95_ratio: pulumi.Input[float]
    """How many times the old version's 95th percentile the new one's may be. Without it: 1.5.
    Example: `2`."""

    max_p95: pulumi.Input[float | str]
    """Longest 95th percentile of the new version, whatever the old one's is. Unit: s. Without it:
    none. Example: `800ms`."""

    timeout: pulumi.Input[float | str]
    """Longest wait for one answer. Unit: s. Without it: 30. Example: `10s`."""

    deadline: pulumi.Input[float | str]
    """How long the whole load may take. Unit: s. Without it: 300. Example: `10m`."""

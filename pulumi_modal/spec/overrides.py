"""What a stack can set on a function, class or server, over its code.

Names and units are Modal's (modal 1.6.4); limits are the SDK's or those of Modal's guides as read
on 2026-11-23. The rule of each field says what it takes; see rules.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, PlainValidator

from pulumi_modal.spec.gpu import Gpu
from pulumi_modal.spec.model import Frozen, JsonValue, key, none_if_empty
from pulumi_modal.spec.naming import (
    CLOUD,
    MOUNT_PATH,
    OBJECT_NAME,
    REGION,
    ROUTING_REGION,
    EnvironmentValue,
    EnvironmentVariable,
)
from pulumi_modal.spec.problem import Problem
from pulumi_modal.spec.quantity import Cores, Duration, Mebibytes, Milliseconds, RequestAndLimit
from pulumi_modal.spec.relations import relation_problems
from pulumi_modal.spec.retries import RetryRule
from pulumi_modal.spec.rules import Flag, OneOrMore, Whole
from pulumi_modal.spec.surprises import setting_warnings
from pulumi_modal.spec.validation import check, not_a_map
from pulumi_modal.spec.vocabulary import translated
from pulumi_modal.spec.web import Web

DAY_S = 86_400
MOST_CONTAINERS = 4000  # Modal's hard limit per function, beside the plan's own
MOST_DISK_MIB = 3_145_728  # 3 TiB

EnvName = Annotated[str, PlainValidator(EnvironmentVariable())]
EnvValue = Annotated[str, PlainValidator(EnvironmentValue())]
Name = Annotated[str, PlainValidator(OBJECT_NAME)]
MountPath = Annotated[str, PlainValidator(MOUNT_PATH)]
Said = AfterValidator(none_if_empty)


class FunctionOverrides(Frozen):
    """Settings over the code's; what is not set stays as the code says."""

    gpu: Annotated[str | tuple[str, ...] | None, PlainValidator(Gpu())] = key(
        "Type and number of GPUs of a container; a list is tried in order. Any case.",
        default="none",
        example="H100:2",
    )
    cpu: Annotated[float | tuple[float, ...] | None, PlainValidator(RequestAndLimit(Cores()))] = (
        key(
            "Physical cores (each two virtual CPUs) that are reserved, or reserved and at most.",
            default="0.125",
            unit="cores",
            example="4",
        )
    )
    memory: Annotated[
        int | tuple[int, ...] | None, PlainValidator(RequestAndLimit(Mebibytes()))
    ] = key(
        "Memory that is reserved, or reserved and at most.",
        default="128",
        unit="MiB",
        example="16Gi",
    )
    ephemeral_disk: Annotated[int | None, PlainValidator(Mebibytes(MOST_DISK_MIB))] = key(
        "Disk of a container, gone with it. Modal bills it by raising the memory at 20:1.",
        default="524288 (512 GiB)",
        unit="MiB",
        example="1Ti",
    )
    timeout: Annotated[int | None, PlainValidator(Duration(1, DAY_S))] = key(
        "Longest run of one input, per try. Not on servers.",
        default="300",
        unit="s",
        example="5m",
    )
    startup_timeout: Annotated[int | None, PlainValidator(Duration(1, DAY_S))] = key(
        "Longest start of a container, with loading the model in `@modal.enter`.",
        default="the timeout; 30 for servers",
        unit="s",
        example="10m",
    )
    retries: Annotated[Any, PlainValidator(RetryRule())] = key(
        "How often a failed input runs again: a count, or a map (see Retries). Not on web URLs.",
        default="0",
        example="3",
    )
    min_containers: Annotated[int | None, PlainValidator(Whole(0, MOST_CONTAINERS))] = key(
        "Containers that are always there, also without requests (and are billed).",
        default="0",
        unit="containers",
        example="1",
    )
    max_containers: Annotated[int | None, PlainValidator(Whole(1, MOST_CONTAINERS))] = key(
        "Most containers at a time; further inputs wait.",
        default="no limit but the plan's",
        unit="containers",
        example="8",
    )
    buffer_containers: Annotated[int | None, PlainValidator(Whole(0, MOST_CONTAINERS))] = key(
        "Idle containers to hold ready while there are requests.",
        default="0",
        unit="containers",
        example="1",
    )
    scaledown_window: Annotated[int | None, PlainValidator(Duration(2, 3600))] = key(
        "How long an idle container stays (and is billed). Above 1200 s only the SDK allows it.",
        default="60",
        unit="s",
        example="5m",
    )
    scaleup_window: Annotated[int | None, PlainValidator(Duration(1, 3600))] = key(
        "How long load must last before a server gets more containers. Servers only.",
        default="Modal's",
        unit="s",
        example="30s",
    )
    max_inputs: Annotated[int | None, PlainValidator(Whole(1))] = key(
        "Inputs (requests) that one container takes at a time.",
        default="1",
        unit="inputs per container",
        example="8",
    )
    target_inputs: Annotated[int | None, PlainValidator(Whole(1))] = key(
        "Inputs per container that the autoscaler aims at; bursts go up to `max_inputs`.",
        default="max_inputs",
        unit="inputs per container",
        example="6",
    )
    max_in_flight: Annotated[int | None, PlainValidator(Whole(1))] = key(
        "Inputs that all containers together take at a time: `max_containers` x inputs per"
        " container. Alone it sets `max_containers`; beside it the two are checked.",
        default="max_containers x max_inputs",
        unit="inputs",
        example="64",
    )
    max_batch_size: Annotated[int | None, PlainValidator(Whole(1, 1000))] = key(
        "Inputs in one batch; only where the code is `@modal.batched`.",
        default="the code's",
        unit="inputs",
        example="16",
    )
    wait_ms: Annotated[int | None, PlainValidator(Milliseconds(600_000))] = key(
        "How long a batch waits to fill up; only where the code is `@modal.batched`.",
        default="the code's",
        unit="ms",
        example="20ms",
    )
    env: Annotated[dict[EnvName, EnvValue] | None, Said] = key(
        "Environment variables of the container. Never for secrets: use Modal secrets.",
        default="none",
        example="{LOG_LEVEL: info}",
        allowed="a map from names of variables to strings",
    )
    secrets: Annotated[dict[Name, Name] | None, Said] = key(
        "Modal secrets to use instead of those in the code, one for one. Names, not values.",
        default="the code's",
        example="{huggingface-dev: huggingface-prod}",
        allowed="a map from a secret's name in the code to its name here",
    )
    volumes: Annotated[dict[MountPath, Name] | None, Said] = key(
        "Volumes to mount instead of those that the code names, by mount path.",
        default="the code's",
        example="{/models: models-prod}",
        allowed="a map from a mount path in the code to a volume's name",
    )
    region: Annotated[str | tuple[str, ...] | None, PlainValidator(OneOrMore(REGION))] = key(
        "Where containers may run; costs more (1.15x for a broad region, 1.75x for a narrow one).",
        default="anywhere",
        example="eu",
    )
    routing_region: Annotated[str | None, PlainValidator(ROUTING_REGION)] = key(
        "Where inputs are taken in. Cannot change after the first deployment.",
        default="us-east",
        example="eu-west",
    )
    cloud: Annotated[str | None, PlainValidator(CLOUD)] = key(
        "Cloud provider to run on.", default="auto", example="gcp"
    )
    nonpreemptible: Annotated[bool | None, PlainValidator(Flag())] = key(
        "Never move a running container (3x the price of CPU and memory). Not with a GPU.",
        default="false",
        example="true",
    )
    web: Annotated[Web | None, Said] = key(
        "The web endpoint: see Web.",
        default="the code's",
        example="{requires_proxy_auth: true}",
        allowed="a map with label, custom_domains, requires_proxy_auth",
    )

    def settings(self) -> dict[str, JsonValue]:
        """The settings that the stack sets, as canonical JSON."""
        return self.canonical()

    @classmethod
    def parse(cls, raw: object, path: str) -> tuple[FunctionOverrides | None, list[Problem]]:
        """Read settings; warnings are among the problems, and do not stop."""
        if not isinstance(raw, Mapping):
            return None, [not_a_map(path, raw, "a map of settings")]
        words = translated(raw, path)
        checked = check(cls, words.settings, path, origins=words.origins)
        problems = [*words.problems, *checked.problems]
        if checked.partial is not None:
            known = checked.partial.settings()
            problems += relation_problems(known, path, words.origins)
            problems += setting_warnings(words.settings, known, path, words.origins)
        failed = any(problem.is_error for problem in problems)
        return None if failed else checked.model, problems

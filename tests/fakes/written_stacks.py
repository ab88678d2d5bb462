"""Stacks as people write them, for property tests: every one of them is sound."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from pulumi_modal.spec.catalogue import catalogue
from pulumi_modal.spec.naming import CLOUD, REGION, ROUTING_REGION
from tests.fakes.stacks import SOURCE

Strategy = st.SearchStrategy[Any]

FEW: Final = st.integers(1, 4)
NAMES: Final = st.from_regex(r"[a-z][a-z0-9_-]{0,11}", fullmatch=True)
VARIABLES: Final = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
PLAIN_NAMES: Final = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
WORDS: Final = st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=9)


@st.composite
def gpus(draw: st.DrawFn) -> str:
    """A card in any case, with a count that a machine has."""
    card = draw(st.sampled_from(catalogue().gpus))
    name = draw(st.sampled_from(sorted({card.id, *card.aliases})))
    count = draw(st.integers(1, card.max_per_container))
    text = draw(st.sampled_from([name, name.lower(), f" {name}"]))
    return text if count == 1 else f"{text}:{count}"


def lasting(least_s: int, most_s: int) -> Strategy:
    """A time in seconds, or with a unit."""
    seconds = st.integers(least_s, most_s)
    minutes = st.integers(-(-least_s // 60), most_s // 60)
    return seconds | seconds.map("{}s".format) | minutes.map("{}m".format)


def amount(most_mib: int) -> Strategy:
    """A size in MiB, or with a unit."""
    gibibytes = st.integers(1, most_mib // 1024)
    return st.integers(1, most_mib) | gibibytes.map("{}Gi".format) | gibibytes.map("{} GB".format)


def pair(one: Strategy) -> Strategy:
    """A value, or a request and its limit."""
    return one | st.tuples(one, one).map(sorted)


def one_or_more(one: Strategy) -> Strategy:
    """A value, or a list of a few."""
    return one | st.lists(one, min_size=1, max_size=3)


RETRIES: Final = st.integers(0, 10) | st.fixed_dictionaries(
    {"max_retries": st.integers(0, 10)},
    optional={
        "backoff_coefficient": st.floats(1, 10),
        "initial_delay": st.floats(0, 60) | st.just("500ms"),
        "max_delay": st.integers(1, 60),
    },
)
DOMAINS: Final = st.from_regex(r"[a-z][a-z0-9]{0,11}\.example\.com", fullmatch=True)
WEB: Final[Strategy] = st.fixed_dictionaries(
    {},
    optional={
        "custom_domains": st.lists(DOMAINS, min_size=1, max_size=2),
        "requires_proxy_auth": st.booleans(),
    },
)
SETTINGS: Final[dict[str, Strategy]] = {
    "gpu": one_or_more(gpus()),
    "cpu": pair(st.floats(0.125, 64)),
    "memory": pair(st.integers(128, 300_000)) | amount(300_000),
    "ephemeral_disk": amount(3_145_728),
    "timeout": lasting(1, 86_400),
    "startup_timeout": lasting(1, 86_400),
    "retries": RETRIES,
    "min_containers": st.integers(0, 4),
    "max_containers": st.integers(4, 4000),
    "buffer_containers": st.integers(0, 4000),
    "scaledown_window": lasting(2, 3600),
    "scaleup_window": lasting(1, 3600),
    "max_inputs": st.integers(4, 100_000),
    "target_inputs": FEW,
    "max_in_flight": st.integers(4000, 10**6),
    "max_batch_size": st.integers(1, 1000),
    "wait_ms": st.integers(0, 600_000) | st.just("1s"),
    "env": st.dictionaries(VARIABLES, WORDS | FEW, max_size=2),
    "secrets": st.dictionaries(NAMES, NAMES, max_size=2),
    "volumes": st.dictionaries(NAMES.map("/{}".format), NAMES, max_size=2),
    "region": one_or_more(st.sampled_from(REGION.names)),
    "routing_region": st.sampled_from(ROUTING_REGION.names),
    "cloud": st.sampled_from([*CLOUD.names, "AWS"]),
    "nonpreemptible": st.just(False),  # noqa: FBT003  # a value
    "web": WEB,
}
"""Setting -> what can be written for it, whatever stands beside it."""
PROBE: Final = st.booleans() | st.fixed_dictionaries(
    {},
    optional={
        "path": NAMES.map("/{}".format),
        "status": st.integers(100, 599),
        "deadline": lasting(1, 3600),
        "interval": st.floats(0.05, 60),
    },
)
SERVICE_WORDS: Final[dict[str, Strategy]] = {
    "app": st.just("app"),
    "pattern": st.sampled_from(["stateful", "Batched"]),
    "strategy": st.sampled_from(["rolling", "recreate"]),
    "tag": st.from_regex(r"[A-Za-z0-9._-]{1,50}", fullmatch=True),
    "adopt": st.booleans(),
    "probe": PROBE,
}


OVERRIDES: Final = st.fixed_dictionaries({}, optional=SETTINGS)
NAMED: Final = st.dictionaries(NAMES, OVERRIDES, max_size=2)
SERVICES: Final = st.fixed_dictionaries(
    {"source": st.just(SOURCE)},
    optional={**SERVICE_WORDS, **SETTINGS, "functions": NAMED, "variants": NAMED},
)
STACKS: Final = st.fixed_dictionaries(
    {
        "environment": st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
        "services": st.dictionaries(PLAIN_NAMES, SERVICES),
    },
    optional={"workspace": st.sampled_from(["local", "acme"])},
)

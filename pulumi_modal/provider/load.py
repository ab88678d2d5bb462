"""Put the same load on two versions at the same time: requests to URLs, or calls of a function."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final

from pulumi_modal.gateway.port import CallOrder, Gateway
from pulumi_modal.provider.measured import Measured, Sample
from pulumi_modal.provider.question import Answer, is_ready
from pulumi_modal.spec.canary import Canary
from pulumi_modal.spec.probe import Probe

if TYPE_CHECKING:
    import httpx

_TOLD_EVERY_S: Final = 0.5


@dataclass(frozen=True)
class Load:
    """What both versions get, who is told of it, and what ends it early."""

    canary: Canary
    question: Probe
    tell: Callable[[str], None]
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def warm_up(self) -> int:
        """Requests that are not counted: containers and connections are made by them."""
        return self.canary.concurrency


def measure_urls(old: str, new: str, load: Load) -> tuple[Measured, Measured]:
    """Requests to both URLs, as many at a time to each as the canary says."""
    return asyncio.run(_measure_urls(old, new, load))


async def _measure_urls(old: str, new: str, load: Load) -> tuple[Measured, Measured]:
    import httpx  # late: a preview asks nothing, and its program starts 0.1 s sooner

    most = load.canary.concurrency
    limits = httpx.Limits(max_connections=2 * most, max_keepalive_connections=2 * most)
    timeout = load.question.timeout
    async with httpx.AsyncClient(limits=limits, timeout=timeout, follow_redirects=True) as client:
        askers = [_Asker(client, url, load) for url in (old, new)]
        await asyncio.gather(*(one.ask(load.warm_up) for one in askers))
        for one in askers:
            one.samples.clear()
        end = asyncio.get_running_loop().time() + load.canary.deadline
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(_tell(load, askers[1]))
            await asyncio.gather(*(one.ask(load.canary.requests, end) for one in askers))
            telling.cancel()
    first, second = (Measured(tuple(one.samples)) for one in askers)
    return first, second


async def _tell(load: Load, new: _Asker) -> None:
    while True:
        now = Measured(tuple(new.samples))
        load.tell(f"canary: {len(new.samples)} of {load.canary.requests}, {now.failed} failed")
        await asyncio.sleep(_TOLD_EVERY_S)


@dataclass
class _Asker:
    """Asks one version."""

    client: httpx.AsyncClient
    url: str
    load: Load
    samples: list[Sample] = field(default_factory=list)

    async def ask(self, times: int, end: float = float("inf")) -> None:
        """So many requests, unless it is cancelled or time is up first."""
        left = islice(count(), times)
        callers = min(self.load.canary.concurrency, times)
        await asyncio.gather(*(self._asker(left, end) for _ in range(callers)))

    async def _asker(self, left: Iterator[int], end: float) -> None:
        loop = asyncio.get_running_loop()
        for _ in left:
            if self.load.cancelled.is_set() or loop.time() >= end:
                return
            begun = time.monotonic()
            failure = await self._one()
            self.samples.append(Sample(time.monotonic() - begun, failure))

    async def _one(self) -> str:
        """One request; what is wrong with its answer."""
        import httpx

        canary, question = self.load.canary, self.load.question
        sent: dict[str, Any] = {} if canary.body is None else {"json": canary.body}
        method = canary.method or ("POST" if sent else "GET")
        try:
            async with asyncio.timeout(question.timeout):
                response = await self.client.request(
                    method, f"{self.url.rstrip('/')}{question.path}", **sent
                )
        except TimeoutError:
            return f"no answer within {question.timeout:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"{type(error).__name__}: {error}"
        answer = Answer(response.status_code, response.text)
        return "" if is_ready(answer, question) else answer.words()


def measure_calls(
    old: CallOrder, new: CallOrder, load: Load, gateway: Gateway
) -> tuple[Measured, Measured]:
    """Calls of both versions, as many at a time of each as the canary says."""
    load.tell(f"canary: calling {new.call}() {load.canary.requests} times")
    with ThreadPoolExecutor(2) as pool:
        warm = [replace(one, times=load.warm_up, at_once=load.warm_up) for one in (old, new)]
        list(pool.map(gateway.call, warm))
        whole = [
            replace(
                one,
                times=load.canary.requests,
                at_once=load.canary.concurrency,
                within_s=load.canary.deadline,
            )
            for one in (old, new)
        ]
        first, second = pool.map(gateway.call, whole)
    return _measured(first), _measured(second)


def _measured(calls: Sequence[Any]) -> Measured:
    return Measured(tuple(Sample(one.seconds, one.failure) for one in calls))

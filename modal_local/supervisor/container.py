"""One container: its state, the inputs it has, and the ways to end it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from modal_proto import api_pb2

from modal_local.bell import Bell
from modal_local.calls.call import Input
from modal_local.calls.ledger import new_id
from modal_local.model import ContainerFacts, ContainerProcess, LiveFunction, TaskSpec
from modal_local.scheduling.gpu import gpu_text
from modal_local.scheduling.scaling import Standing

EXIT_GRACE_S: Final = 30.0
"""For exit hooks, from the moment a container has nothing left to do."""
STOP_GRACE_S: Final = 10.0
CANCEL_GRACE_S: Final = 3.0


@dataclass(slots=True, eq=False)
class Poll:
    """A container that waits for inputs; its answer is None for the kill switch."""

    batch_size: int
    linger_s: float
    answer: asyncio.Future[Sequence[Input] | None]


class Container:
    """A process of one version of a function, from its start until it is gone."""

    def __init__(self, function: LiveFunction) -> None:
        self.task = TaskSpec(new_id("ta"), secrets.token_urlsafe(24), function)
        self.process: ContainerProcess | None = None
        self.life: asyncio.Task[None] | None = None
        self.state = "starting"
        self.started_at = time.time()
        self.poll: Poll | None = None
        self.running: dict[str, Input] = {}
        self.cancelled: set[tuple[str, int]] = set()
        """Inputs, with their attempt, taken from it that it has not let go of yet."""
        self.completed = 0
        self.idle_since: float | None = None
        self.report: api_pb2.GenericResult | None = None
        """What it said itself about a failed start."""
        self.reason = ""
        """Why it was killed, where its own exit status would not tell."""
        self.gone = asyncio.Event()
        self.rested = Bell()
        """Rung when it has let go of an input, or is not what it was."""
        self.was_ready = False
        self._insists = False
        self._to_cancel: list[str] = []
        self._cancel_bell = Bell()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def task_id(self) -> str:
        """Its id."""
        return self.task.task_id

    @property
    def takes_inputs(self) -> bool:
        """Whether inputs are given to it, now or when it is ready."""
        return self.state in {"starting", "ready"}

    @property
    def may_be_stuck(self) -> bool:
        """Whether it has not yet let go of an input that timed out."""
        return self._insists

    @property
    def is_leaving(self) -> bool:
        """Whether it was told to end, so that its end is nobody's fault."""
        return self.state == "stopping" or bool(self.cancelled)

    @property
    def standing(self) -> Standing:
        """As scaling sees it."""
        return Standing(self.task_id, len(self.running), self.idle_since)

    def facts(self) -> ContainerFacts:
        """As lists show it."""
        function = self.task.function
        return ContainerFacts(
            task_id=self.task_id,
            app_id=function.app_id,
            function_id=function.function_id,
            function_tag=function.tag,
            version=function.version,
            pid=self.process.pid if self.process else 0,
            state=self.state,
            started_at=self.started_at,
            running_inputs=len(self.running),
            gpu=gpu_text(function.definition.resources.gpu_config),
            app_name=function.app_name,
            environment=function.environment,
        )

    def become_ready(self) -> None:
        """It asked for inputs the first time."""
        if self.state == "starting":
            self.state = "ready"
            self.was_ready = True
            self.idle_since = time.monotonic()
            self._stop_timer()

    def accept(self, inputs: Sequence[Input]) -> None:
        """These inputs are its own now."""
        for item in inputs:
            self.running[item.input_id] = item
        self.idle_since = None

    def release(self, item: Input) -> None:
        """It has one input less."""
        self.running.pop(item.input_id, None)
        self._rest()

    def let_go(self, input_id: str, attempt: int) -> bool:
        """It ended a cancelled input; whether there was one."""
        if (input_id, attempt) not in self.cancelled:
            return False
        self.cancelled.discard((input_id, attempt))
        if not self.cancelled:
            self._insists = False
            if self.state != "stopping":
                self._stop_timer()
        self._rest()
        return True

    def drain(self) -> None:
        """Give it nothing more; it ends when its inputs have."""
        if self.state == "starting":
            self.stop(grace_s=0)
            return
        if self.state == "ready":
            self.state = "draining"
        if self.poll is not None:
            self.dismiss()
        self.rested.ring()

    def dismiss(self) -> None:
        """Answer its poll with the kill switch."""
        if self.poll is not None and not self.poll.answer.done():
            self.poll.answer.set_result(None)
        self.poll = None
        if self.state != "stopping":
            self.state = "draining"
        self._rest()

    def stop(self, *, grace_s: float = STOP_GRACE_S, reason: str = "") -> None:
        """Make it end now: ask its process, and kill it when the grace is over."""
        self.reason = self.reason or reason
        is_idle = self.poll is not None and not self.running and not self.cancelled
        self.state = "stopping"
        if grace_s <= 0:
            self.kill()
            return
        if is_idle:
            self.poll_ends()  # the kill switch: a signal would cut its exit hooks short
        elif self.process is not None:
            self.process.terminate()
        self._arm(grace_s, self.kill)

    def poll_ends(self) -> None:
        """A poll that nobody will answer gets the kill switch."""
        if self.poll is not None and not self.poll.answer.done():
            self.poll.answer.set_result(None)
        self.poll = None

    def kill(self) -> None:
        """End the whole process group at once."""
        self.state = "stopping"
        self._stop_timer()
        if self.process is not None:
            self.process.kill()
        elif self.life is not None:
            self.life.cancel()  # it has not got as far as a process

    def limit_start(self, seconds: float, expired: Callable[[], None]) -> None:
        """The start is over when this time is up."""
        self._arm(seconds, expired)

    def cancel(self, item: Input, *, insist: bool) -> None:
        """Take an input away. A container that does not let go of it is killed, if nothing else
        runs there or the caller insists."""
        self.running.pop(item.input_id, None)
        self._insists = self._insists or insist
        if not self.cancelled and self.state != "stopping":
            self._arm(CANCEL_GRACE_S, self._cancel_expired)
        self.cancelled.add((item.input_id, item.attempt))
        self._to_cancel.append(item.input_id)
        self._cancel_bell.ring()

    async def cancellations(self, timeout_s: float) -> list[str]:
        """Wait for inputs that the container is to cancel; empty when time is up."""
        await self._cancel_bell.wait_until(lambda: bool(self._to_cancel), timeout_s=timeout_s)
        taken, self._to_cancel = self._to_cancel, []
        return taken

    def _cancel_expired(self) -> None:
        if self._insists or not self.running:
            self.kill()

    def end(self) -> None:
        """The process has gone."""
        self.state = "stopping"
        self.poll_ends()
        self._stop_timer()
        self.gone.set()
        self.rested.ring()

    def _rest(self) -> None:
        self.rested.ring()
        if self.running or self.cancelled:
            return
        if self.state == "ready":
            self.idle_since = time.monotonic()
        elif self.state == "draining":
            self._arm(EXIT_GRACE_S, self.kill)

    def _arm(self, seconds: float, action: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, action)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

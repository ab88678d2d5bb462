"""The life of an input once a container has it: done, failed, retried, timed out, given back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from modal_proto import api_pb2

from modal_local.calls.call import Call, Input, InputState
from modal_local.calls.ledger import Ledger
from modal_local.scheduling.backoff import StartHistory, is_poisonous
from modal_local.scheduling.retry import retry_delay_s
from modal_local.supervisor.container import Container
from modal_local.supervisor.outcomes import failure, output_of, terminated, timed_out, with_log
from modal_local.supervisor.pool import Pool

_Result = api_pb2.GenericResult


class Attempts:
    """Begins and ends attempts; wakes the reconciler of a pool that has changed."""

    def __init__(self, ledger: Ledger, wake: Callable[[Pool], None]) -> None:
        self._ledger = ledger
        self._wake = wake

    def begin(self, pool: Pool, container: Container, batch: Sequence[Input]) -> None:
        """A container got these inputs; their time runs."""
        loop = asyncio.get_running_loop()
        for item in batch:
            item.state = InputState.RUNNING
            item.task_id = container.task_id
            timeout_s = pool.clocks.timeout_s
            if timeout_s is not None:
                item.timer = loop.call_later(timeout_s, self._time_out, pool, container, item)

    def end(self, pool: Pool, container: Container, output: api_pb2.FunctionPutOutputsItem) -> None:
        """A container put an output. Late and repeated ones are ignored."""
        if container.let_go(output.input_id, output.retry_count):
            self._wake(pool)
            return
        item = container.running.get(output.input_id)
        if item is None or item.attempt != output.retry_count:
            return
        status = output.result.status
        if status == _Result.GENERIC_STATUS_TERMINATED and container.is_leaving:
            self.give_back(pool, container, [item])
            return
        item.stop_timer()
        container.release(item)
        container.completed += 1
        if container.task.function.pool_id == pool.function.pool_id:
            pool.history = StartHistory()
        retryable = status not in {
            _Result.GENERIC_STATUS_SUCCESS,
            _Result.GENERIC_STATUS_TERMINATED,
        }
        if not (retryable and self._retry(pool, item)):
            self._ledger.finish(item, output_of(item, output.result, given=output))
        self._wake(pool)

    def give_back(self, pool: Pool, container: Container, items: Sequence[Input]) -> None:
        """Inputs go back to the front of the queue, as if they had never been given out."""
        for item in reversed(items):
            item.stop_timer()
            container.release(item)
            self._requeue(pool, item)
        self._wake(pool)

    def lose(self, pool: Pool, container: Container, told: str, log_lines: Sequence[str]) -> None:
        """The container has gone; what it had is tried again, within reason."""
        message = f"The container of {container.task.function.tag} {told}"
        items = list(container.running.values())
        if container.is_leaving and not container.reason:
            self.give_back(pool, container, items)
            return
        for item in reversed(items):
            item.stop_timer()
            container.release(item)
            item.losses += 1
            if is_poisonous(item.losses):
                often = f"{message}, {item.losses} times with this input"
                self.finish(item, failure(with_log(often, log_lines)))
            elif item.call.is_web and not _is_replayable(item.call):
                self.finish(item, failure(with_log(message, log_lines)))
            else:
                self._requeue(pool, item)
        self._wake(pool)

    def cancel(self, pool: Pool, item: Input, result: api_pb2.GenericResult) -> Container | None:
        """End an input wherever it is; the container that had it, if one did."""
        container = pool.containers.get(item.task_id)
        if item.state is InputState.RUNNING and container is not None:
            container.cancel(item, insist=False)
        else:
            container = None
        pool.queue.remove(item)
        pool.waiting.discard(item)
        self.finish(item, result)
        self._wake(pool)
        return container

    def finish(self, item: Input, result: api_pb2.GenericResult) -> None:
        """The caller gets this result."""
        self._ledger.finish(item, output_of(item, result))

    def fail_queued(self, pool: Pool, result: api_pb2.GenericResult) -> None:
        """Everything that waits gets this result."""
        for item in [*pool.queue.clear(), *pool.waiting]:
            self.finish(item, result)
        pool.waiting.clear()

    def refuse_queued(self, pool: Pool) -> None:
        """What waits in a pool that is closed is told so."""
        message = f"{pool.function.tag} of app {pool.function.app_name}: {pool.closed_because}"
        self.fail_queued(pool, failure(message))

    def refuse_all(self, pool: Pool) -> None:
        """So is what runs."""
        self.refuse_queued(pool)
        message = f"{pool.function.tag} of app {pool.function.app_name}: {pool.closed_because}"
        for container in pool.containers.values():
            for item in container.running.values():
                self.finish(item, failure(message))
            container.running.clear()

    def _requeue(self, pool: Pool, item: Input) -> None:
        if item.state is InputState.DONE:
            return
        item.attempt += 1
        pool.add(item, front=True)

    def _retry(self, pool: Pool, item: Input) -> bool:
        item.failures += 1
        delay_s = retry_delay_s(pool.function.definition.retry_policy, item.failures)
        if delay_s is None or (item.call.is_web and not _is_replayable(item.call)):
            return False
        item.state = InputState.WAITING
        item.task_id = ""
        pool.waiting.add(item)
        item.timer = asyncio.get_running_loop().call_later(delay_s, self._again, pool, item)
        return True

    def _again(self, pool: Pool, item: Input) -> None:
        if item in pool.waiting:
            pool.waiting.discard(item)
            item.timer = None
            item.attempt += 1
            pool.add(item)
            self._wake(pool)

    def _time_out(self, pool: Pool, container: Container, item: Input) -> None:
        item.timer = None
        if item.input_id not in container.running:
            return
        container.cancel(item, insist=True)
        if not self._retry(pool, item):
            self.finish(item, timed_out(pool.clocks.timeout_s or 0))
        self._wake(pool)


def _is_replayable(call: Call) -> bool:
    """Whether a second container could serve this web request as if nothing had happened."""
    return call.data_in.is_whole and call.data_out.last_index == 0


def cancelled() -> api_pb2.GenericResult:
    """What a caller gets for a call that was cancelled."""
    return terminated("The function call was cancelled")

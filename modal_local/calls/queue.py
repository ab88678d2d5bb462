"""Inputs of one function that wait for a container, first come first served."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from modal_local.calls.call import Input, InputState


class InputQueue:
    """First in, first out; what a dead container gives back goes to the front."""

    def __init__(self) -> None:
        self._inputs: OrderedDict[str, Input] = OrderedDict()

    def __len__(self) -> int:
        return len(self._inputs)

    @property
    def head(self) -> Input | None:
        """The next to be given out."""
        return next(iter(self._inputs.values()), None)

    def push(self, item: Input, *, now: float, front: bool = False) -> None:
        """Add one input."""
        item.state = InputState.QUEUED
        item.queued_at = now
        item.task_id = ""
        self._inputs[item.input_id] = item
        if front:
            self._inputs.move_to_end(item.input_id, last=False)

    def remove(self, item: Input) -> None:
        """Take one input out; harmless when it is not there."""
        self._inputs.pop(item.input_id, None)

    def peek(self, count: int) -> Sequence[Input]:
        """Up to `count` inputs from the front that call the same method."""
        batch: list[Input] = []
        for item in self._inputs.values():
            if batch and item.message.method_name != batch[0].message.method_name:
                continue
            batch.append(item)
            if len(batch) >= count:
                break
        return batch

    def clear(self) -> list[Input]:
        """Take everything out."""
        inputs = list(self._inputs.values())
        self._inputs.clear()
        return inputs

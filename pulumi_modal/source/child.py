"""Run one piece of work on a user's Modal file in a child process of its own.

For planning and for deploying alike:

    run("pulumi_modal.gateway.deploy_child:deploy", argument, root=..., env=..., what=..., ...)

imports `deploy` in the child and calls `deploy(argument, tell)`. `argument` is pickled to the child
(so a secret in it is on a pipe, never in argv); the answer and what is given to `tell` (events,
for live status) come back as JSON. The entry raises a ModalStackError to refuse, and the same class
is raised here. Inside the entry, `pulumi_modal.source.load.load_app(request)` gives the app. The
child has its own session, an empty stdin, captured output, exactly the environment `env` (make it
with `source.environment.child_environment`), and ends at the deadline with all it started.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from pulumi_modal import errors
from pulumi_modal.errors import ModalStackError, NoAnswer, SourceError
from pulumi_modal.source.family import end_family
from pulumi_modal.source.forkserver import Child
from pulumi_modal.source.inside import Job
from pulumi_modal.source.redaction import KNOWN
from pulumi_modal.source.trace import place_in_dump

GRACE_S = 2.0
DUMP_S = 0.2
"""A dump of stacks is complete when nothing more came for so long."""
KEPT_OUTPUT_BYTES = 8192
_SHOWN_OUTPUT = 200


@dataclass(frozen=True)
class Finished:
    """What a child answered, and the last lines it printed."""

    answer: Any
    output: str


@dataclass
class _Run:
    """The parent's ends of a running child's pipes, and what came out of them so far."""

    child: Child
    answer: Connection
    output: Connection
    trace: Connection
    printed: bytearray = field(default_factory=bytearray)
    dump: str = ""
    result: Mapping[str, Any] | None = None

    def read(self, deadline: float, on_event: Callable[[Any], None] | None) -> bool:
        """Read until the child answered or ended; False when its time was over first."""
        readers = {
            self.output: self._keep_output,
            self.answer: lambda: self._take(on_event),
            self.trace: self._keep_dump,
        }
        while self.result is None and not self.dump:
            pipes: list[Any] = [*readers, self.child.sentinel]
            ready = wait(pipes, max(0.0, deadline - time.monotonic()))
            if not ready:
                return False
            for pipe in [pipe for pipe in readers if pipe in ready]:
                if not readers[pipe]():
                    del readers[pipe]
            if self.child.sentinel in ready and self.answer not in ready:
                break
        return self.result is not None or not self.dump

    def _take(self, on_event: Callable[[Any], None] | None) -> bool:
        try:
            message = json.loads(self.answer.recv_bytes())
        except (EOFError, OSError, ValueError):
            return False
        if "event" in message:
            if on_event is not None:
                on_event(message["event"])
        else:
            self.result = message
        return True

    def _keep_output(self) -> bool:
        with suppress(OSError):
            chunk = os.read(self.output.fileno(), 65536)
            self.printed += chunk
            del self.printed[:-KEPT_OUTPUT_BYTES]
            return bool(chunk)
        return False

    def drain(self) -> str:
        """What the child printed last; it is dead, so nothing here can wait for long."""
        while self.output.poll(0) and self._keep_output():
            pass
        return self.printed.decode("utf-8", "replace").strip()

    def _keep_dump(self) -> bool:
        """Keep the stacks that the child writes when its deadline has passed."""
        with suppress(OSError):
            while self.trace.poll(DUMP_S) and (chunk := os.read(self.trace.fileno(), 65536)):
                self.dump += chunk.decode("utf-8", "replace")
        return bool(self.dump)

    def end(self) -> None:
        """End the child and everything it started."""
        end_family(self.child.pid)
        wait([self.child.sentinel], GRACE_S)


def run(  # noqa: PLR0913  # keyword-only beyond the work itself
    entry: str,
    argument: Any,
    *,
    root: Path,
    env: Mapping[str, str],
    deadline_s: float,
    what: str,
    cure: str = "allow it more time",
    on_event: Callable[[Any], None] | None = None,
) -> Finished:
    """Run `entry` ("module:function") in a child; raises what the child refused with.

    `what` is the subject of a message, as in "services/llm.py: the import" (did not end, ...), and
    `cure` is what to do when the deadline has passed.
    """
    if not root.is_dir():
        raise SourceError(f"{root}: the project folder does not exist")
    with ExitStack() as stack:
        running = _start(stack, Job, entry, argument, dict(env), deadline_s, root)
        in_time = running.read(time.monotonic() + deadline_s + GRACE_S, on_event)
        running.end()
        output = running.drain()
        if running.result is not None:
            if "error" in running.result:
                raise _as_error(*running.result["error"])
            return Finished(running.result["ok"], output)
        if not in_time:
            place = place_in_dump(running.dump, root.resolve())
            hung = f", it hung at {place}" if place else ""
            raise NoAnswer(f"{what} did not end within {deadline_s:g} s{hung}; {cure}")
        printed = KNOWN.hide(output).splitlines()[-1][:_SHOWN_OUTPUT] if output else ""
        last = f"; it printed last: {printed}" if printed else ""
        raise NoAnswer(f"{what} {_status(running.child.poll())}{last}")


def _start(stack: ExitStack, make: type[Job], *args: Any) -> _Run:
    entry, argument, env, deadline_s, root = args
    ends = [Pipe(duplex=False) for _ in range(3)]
    readers = [stack.enter_context(reader) for reader, _ in ends]
    writers = [writer for _, writer in ends]
    try:
        child = Child(make(entry, argument, env, deadline_s, *writers), root.resolve())
    except (OSError, EOFError) as error:
        raise SourceError(
            f"could not start a child process ({error}); is there a file in the working directory"
            " named like a module of Python?"
        ) from error
    finally:
        for writer in writers:
            writer.close()
    stack.callback(child.close)
    answer_end, output_end, trace_end = readers
    return _Run(child, answer_end, output_end, trace_end)


def _status(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was killed by {signal.Signals(-code).name}; is there enough memory?"
    return (
        f"ended the process with status {code}; remove the os._exit or what crashes from the file"
    )


def _as_error(name: str, sentence: str) -> ModalStackError:
    kind = getattr(errors, name, None) if name else None
    if isinstance(kind, type) and issubclass(kind, ModalStackError):
        return kind(sentence)
    return SourceError(f"internal error in the child process: {sentence}")

"""RPCs about logs: follow an app, fetch the past, count lines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby
from typing import Final

from grpclib.server import Stream
from modal_proto import api_pb2

from modal_local.errors import NotFound
from modal_local.rpc.message import position, receive
from modal_local.store.logs import LogFilter, LogLine
from modal_local.store.store import Store

LONGEST_WAIT_S: Final = 55.0
MOST_LINES: Final = 20_000
_PAGE: Final = 1_000
_STDOUT, _STDERR = api_pb2.FILE_DESCRIPTOR_STDOUT, api_pb2.FILE_DESCRIPTOR_STDERR


class LogRpc:
    """Logs of apps."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def AppGetLogs(
        self, stream: Stream[api_pb2.AppGetLogsRequest, api_pb2.TaskLogsBatch]
    ) -> None:
        """Lines as they come; ends early to be asked again, or when the app is over."""
        request = await receive(stream)
        wanted = self._wanted(request)
        sent = position(request.last_entry_id)
        deadline_s = min(request.timeout, LONGEST_WAIT_S)
        try:
            async with asyncio.timeout(deadline_s or None):
                while True:
                    seen = self._store.logs.changes  # before looking: what comes meanwhile is news
                    over = self._store.apps.find(wanted.app_id).state == api_pb2.APP_STATE_STOPPED
                    sent = await self._send_new(stream, wanted, sent)
                    if over:
                        await stream.send_message(api_pb2.TaskLogsBatch(app_done=True))
                        return
                    if not deadline_s:
                        return
                    await self._store.logs.changed(since=seen)
        except TimeoutError:
            return

    async def AppFetchLogs(
        self, stream: Stream[api_pb2.AppFetchLogsRequest, api_pb2.AppFetchLogsResponse]
    ) -> None:
        """The last lines of a time."""
        request = await receive(stream)
        limit = min(request.limit or MOST_LINES, MOST_LINES)
        lines = self._store.logs.last(self._past(request), limit)
        await stream.send_message(api_pb2.AppFetchLogsResponse(batches=_batches(lines)))

    async def AppCountLogs(
        self, stream: Stream[api_pb2.AppCountLogsRequest, api_pb2.AppCountLogsResponse]
    ) -> None:
        """How many lines there are, by time."""
        request = await receive(stream)
        response = api_pb2.AppCountLogsResponse(app_id=request.app_id)
        counts = self._store.logs.counts(self._past(request), max(request.bucket_secs, 1))
        for start, rows in groupby(counts, key=lambda row: row[0]):
            bucket = response.buckets.add()
            bucket.bucket_start_at.seconds = start
            for _, descriptor, count in rows:
                if descriptor == _STDOUT:
                    bucket.stdout_logs += count
                elif descriptor == _STDERR:
                    bucket.stderr_logs += count
                else:
                    bucket.system_logs += count
        await stream.send_message(response)

    async def _send_new(
        self,
        stream: Stream[api_pb2.AppGetLogsRequest, api_pb2.TaskLogsBatch],
        wanted: LogFilter,
        sent: int,
    ) -> int:
        while lines := self._store.logs.first(replace(wanted, after=sent), _PAGE):
            for batch in _batches(lines):
                await stream.send_message(batch)
            sent = lines[-1].entry
        return sent

    def _wanted(self, request: api_pb2.AppGetLogsRequest) -> LogFilter:
        app_id = self._app_id(request.app_id, request.task_id)
        return LogFilter(
            app_id=app_id,
            function_id=request.parametrized_function_id or request.function_id,
            task_id=request.task_id,
            descriptor=request.file_descriptor,
            search=request.search_text,
        )

    def _past(
        self, request: api_pb2.AppFetchLogsRequest | api_pb2.AppCountLogsRequest
    ) -> LogFilter:
        return LogFilter(
            app_id=self._app_id(request.app_id, request.task_id),
            function_id=request.parametrized_function_id or request.function_id,
            task_id=request.task_id,
            descriptor=request.source,
            search=request.search_text,
            since=request.since.ToNanoseconds() / 1e9,
            until=request.until.ToNanoseconds() / 1e9,
        )

    def _app_id(self, app_id: str, task_id: str) -> str:
        """The app meant, by itself or by one of its containers. Raises NotFound."""
        found = app_id or self._store.logs.app_of(task_id)
        if not found:
            raise NotFound(f"container {task_id} has no log")
        return self._store.apps.find(found).app_id


def _batches(lines: Iterable[LogLine]) -> list[api_pb2.TaskLogsBatch]:
    """Lines in order, those of one container together."""
    batches = []
    for (task_id, function_id), group in groupby(
        lines, key=lambda line: (line.task_id, line.function_id)
    ):
        batch = api_pb2.TaskLogsBatch(task_id=task_id, function_id=function_id)
        for line in group:
            batch.items.add(
                data=line.text,
                timestamp=line.timestamp,
                timestamp_ns=int(line.timestamp * 1e9),
                file_descriptor=line.descriptor,
            )
            batch.entry_id = f"{line.entry}-0"
        batches.append(batch)
    return batches

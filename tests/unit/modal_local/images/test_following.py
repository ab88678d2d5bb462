"""Following a build: no line is missed, whenever it comes."""

from __future__ import annotations

import asyncio

from modal_local.images.builder import Build
from modal_local.images.log import BuildLog


async def test_a_line_that_came_before_the_wait_is_news() -> None:
    build = Build("im-1", BuildLog(["one"]))
    build.log.append("two")  # while the first one was sent
    assert await asyncio.wait_for(build.goes_on(1), timeout=10)


async def test_the_last_line_of_a_build_is_sent_before_its_end() -> None:
    build = Build("im-1", BuildLog(["one"]))
    build.log.append("The image was not built.")
    build.done = True
    assert await build.goes_on(1)
    assert not await build.goes_on(2)


async def test_a_follower_wakes_for_a_line_and_for_the_end() -> None:
    build = Build("im-1", BuildLog())
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        follower = group.create_task(build.goes_on(0))
        group.create_task(_say(build, "one"))
        assert await follower
        follower = group.create_task(build.goes_on(1))
        group.create_task(_end(build))
        assert not await follower


async def _say(build: Build, line: str) -> None:
    build.log.append(line)


async def _end(build: Build) -> None:
    build.done = True
    build.log.bell.ring()

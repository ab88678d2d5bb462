"""One line for each way in which importing a Modal file fails, ending in what to do."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Final

MAX_LENGTH = 600

OLD_WORDS: Final[Mapping[str, str]] = {
    "allow_concurrent_inputs": "`@modal.concurrent(max_inputs=...)` below the app's decorator",
    "concurrency_limit": "`max_containers=...` (it always limited containers, not requests)",
    "container_idle_timeout": "`scaledown_window=...`",
    "keep_warm": "`min_containers=...`",
}
OLD_METHOD_WORDS: Final[Mapping[str, str]] = {
    "concurrency_limit": "`@modal.concurrent(max_inputs=...)` on the class: all methods share it",
    "keep_warm": "`min_containers=...` on `@app.cls`: all methods share the containers",
    "timeout": "`timeout=...` on `@app.cls`: it holds for all methods",
    "gpu": "`gpu=...` on `@app.cls`: all methods run in its containers",
}
OLD_NAMES: Final[Mapping[str, str]] = {
    "Stub": "`modal.App`",
    "function": "`@app.function` of a `modal.App`",
    "cls": "`@app.cls` of a `modal.App`",
    "gpu": 'a string, as in `gpu="H100:2"`',
    "Mount": "`Image.add_local_dir` or `Image.add_local_file`",
    "web_endpoint": "`modal.fastapi_endpoint`",
}


class TalksToModal(Exception):
    """The file calls Modal while it is imported."""


def one_line(text: object) -> str:
    """The text without line breaks, cut to a length people read."""
    line = " ".join(str(text).split())
    return line if len(line) <= MAX_LENGTH else line[: MAX_LENGTH - 3] + "..."


def explain(error: BaseException, otherwise: str = "importing the file must succeed") -> str:
    """What happened and what to do, without the place."""
    for kind, sentence in _SENTENCES:
        if isinstance(error, kind):
            text = sentence(error)
            if text:
                return one_line(text)
    if type(error).__module__.startswith("modal."):
        otherwise = "correct what the code says there"
    said = str(error).strip().rstrip(".") or "no further words"
    return one_line(f"{type(error).__name__}: {said}; {otherwise}")


def _talks(error: BaseException) -> str:
    return (
        f"this file talks to Modal while it is imported (call {error}), which a preview must not"
        " do; move the call into a function or under `if __name__ == '__main__':`"
    )


def _exit(error: BaseException) -> str:
    code = error.code if isinstance(error, SystemExit) else ""
    shown = "" if code is None else repr(code)
    return (
        f"the file called sys.exit({shown}) while it was imported;"
        " move that under `if __name__ == '__main__':`"
    )


def _syntax(error: BaseException) -> str:
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"syntax error: {said}; correct the line"


def _missing_module(error: BaseException) -> str:
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if not name:
        return ""
    package = name.partition(".")[0]
    return (
        f"the package {package!r} is not installed here, and the file imports {name!r} at its top;"
        " write the import under `with image.imports():` (then only the container runs it), or"
        f" install {package!r}"
    )


def _environment(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or (_base(frames[-1].filename), frames[-1].name) != ("os.py", "__getitem__"):
        return ""
    return (
        f"the environment variable {error.args[0]} is not set; set it, or give a default with"
        f" os.environ.get({error.args[0]!r}, ...)"
    )


def _base(filename: str) -> str:
    return filename.replace("<frozen os>", "os.py").rsplit("/", 1)[-1]


def _reads_stdin(error: BaseException) -> str:
    if "EOF when reading a line" not in str(error):
        return ""
    return (
        "the file waits for input() while it is imported; nobody can answer in a deploy:"
        " read an environment variable instead"
    )


def _old_keyword(error: BaseException) -> str:
    words = OLD_METHOD_WORDS if "method()" in str(error) else OLD_WORDS
    for old, new in words.items():
        if f"'{old}'" in str(error) and type(error).__name__ in _KEYWORD_ERRORS:
            return f"`{old}` is not an argument here any more; write {new}"
    return ""


def _relative(error: BaseException) -> str:
    if "relative import" not in str(error):
        return ""
    return (
        "the file uses a relative import but lies in no package; put an __init__.py next to it,"
        " or import the module by its name"
    )


_KEYWORD_ERRORS: Final = frozenset({"TypeError", "DeprecationError"})


def _old_name(error: BaseException) -> str:
    name = error.name if isinstance(error, AttributeError) else None
    if name is not None and name in OLD_NAMES and "modal" in str(error):
        return f"`modal.{name}` does not exist any more; use {OLD_NAMES[name]}"
    return ""


def _global_scope(error: BaseException) -> str:
    if "global scope" not in str(error) or "App" not in str(error):
        return ""
    call = "App.run()" if "App.run" in str(error) else "App.deploy()"
    return (
        f"`{call}` must not run while the file is imported; remove it (the stack deploys the app)"
        " or put it under `if __name__ == '__main__':`"
    )


_SENTENCES: Final = (
    (TalksToModal, _talks),
    (SystemExit, _exit),
    (SyntaxError, _syntax),
    (ModuleNotFoundError, _missing_module),
    (KeyError, _environment),
    (EOFError, _reads_stdin),
    (AttributeError, _old_name),
    (Exception, _relative),
    (Exception, _old_keyword),
    (Exception, _global_scope),
)

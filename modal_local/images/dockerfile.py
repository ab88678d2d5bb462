"""Dockerfile commands as the SDK sends them -> a list of instructions. No shell is ever run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_KEYWORD: Final = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)
_VARIABLE: Final = re.compile(r"\\.|\$(?:\{(\w+)\}|(\w+))", re.DOTALL)
_QUOTED_OR_VARIABLE: Final = re.compile(
    r"""'[^']*'|"(?:\\.|[^"\\])*"|""" + _VARIABLE.pattern, re.DOTALL
)
_MARK: Final = re.compile("\x00(\\w+)\x00")
_HEREDOC: Final = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")
_FLAG: Final = re.compile(r"^--[a-z][\w-]*(?:=\S+)?\s+")
_OPERATOR: Final = re.compile(r"^[();<>|&]+$")


class DockerfileError(ValueError):
    """A command that cannot be read."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One command: `RUN`, what follows it, and the flags between (`--from=...`)."""

    keyword: str
    text: str
    flags: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """As people know it, without variables filled in."""
        return " ".join((self.keyword, *self.flags, self.text))


def parse_commands(commands: Iterable[str]) -> list[Instruction]:
    """Read commands; continuations, comments, here-documents and quoted newlines are understood."""
    return [_instruction(line) for line in _logical_lines(commands)]


def _logical_lines(commands: Iterable[str]) -> Iterator[str]:
    lines = iter([line for command in commands for line in command.split("\n")])
    for first in lines:
        line = first.lstrip()
        if not line or line.startswith("#"):
            continue
        line = _with_continuations(line, lines)
        for end in _HEREDOC.findall(line) if line.upper().startswith(("RUN", "COPY")) else []:
            for inner in lines:
                if inner.strip() == end:
                    break
        yield line


def _with_continuations(line: str, following: Iterator[str]) -> str:
    while (is_open := _has_open_quote(line)) or line.rstrip().endswith("\\"):
        more = next(following, None)
        if more is None:
            break
        line = f"{line}\n{more}" if is_open else f"{line.rstrip()[:-1]}{more.lstrip()}"
    return line


def _has_open_quote(line: str) -> bool:
    """Whether a value of an ENV has a newline in it, and goes on in the next line."""
    if not line.upper().startswith("ENV"):
        return False
    try:
        shlex.split(line)
    except ValueError as error:
        return str(error) == "No closing quotation"
    return False


def _instruction(line: str) -> Instruction:
    match = _KEYWORD.match(line)
    if match is None:
        if re.fullmatch(r"\s*[A-Za-z]+\s*", line):
            return Instruction(line.strip().upper(), "")
        raise DockerfileError(f"not a Dockerfile command: {line!r}")
    keyword, text = match[1].upper(), match[2].strip()
    flags: list[str] = []
    while flag := _FLAG.match(text):
        flags.append(flag[0].strip())
        text = text[flag.end() :]
    return Instruction(keyword, text, tuple(flags))


def split_words(text: str, variables: Mapping[str, str]) -> list[str]:
    """Words of a command, quotes removed, `$NAME` filled in where a shell would."""
    try:
        words = shlex.split(_mark_variables(text), comments=False)
    except ValueError as error:
        raise DockerfileError(f"{error}: {text!r}") from error
    return [_fill(word, variables) for word in words]


def expand(text: str, variables: Mapping[str, str]) -> str:
    """`$NAME` and `${NAME}` filled in; quotes are left as they are."""
    return _fill(_VARIABLE.sub(_mark, text), variables)


def simple_commands(instruction: Instruction, variables: Mapping[str, str]) -> list[list[str]]:
    """The commands of a RUN that are joined by `&&` or `;`, each as words.

    Operators that only a shell understands stay in their command as words of their own.
    """
    if instruction.text.startswith("["):
        try:
            return [[str(word) for word in json.loads(instruction.text)]]
        except ValueError:
            pass
    text = instruction.text.replace("$(command -v python)", "python")
    lexer = shlex.shlex(_mark_variables(text), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    commands: list[list[str]] = [[]]
    try:
        for word in lexer:
            if word in {"&&", ";"}:
                commands.append([])
            else:
                commands[-1].append(_fill(word, variables))
    except ValueError as error:
        raise DockerfileError(f"{error}: {instruction.line!r}") from error
    return [command for command in commands if command]


def needs_shell(words: Sequence[str]) -> bool:
    """Whether redirections, pipes or substitutions are among the words."""
    return any(_OPERATOR.match(word) or "$(" in word or "`" in word for word in words)


def assignments(text: str, variables: Mapping[str, str]) -> dict[str, str]:
    """What an ENV sets: `A=1 B="2 3"`, or the old form `A the rest`."""
    name, _, rest = text.partition(" ")
    if "=" not in name:
        return {name: expand(rest.strip(), variables)}
    pairs = (word.partition("=") for word in split_words(text, variables))
    return {key: value for key, equals, value in pairs if equals}


def _mark_variables(text: str) -> str:
    def mark(match: re.Match[str]) -> str:
        whole = match[0]
        if whole.startswith("'"):
            return whole
        if whole.startswith('"'):
            return _VARIABLE.sub(_mark, whole)
        return _mark(match)

    return _QUOTED_OR_VARIABLE.sub(mark, text)


def _mark(match: re.Match[str]) -> str:
    name = match[1] or match[2]
    return f"\x00{name}\x00" if name else match[0]


def _fill(word: str, variables: Mapping[str, str]) -> str:
    return _MARK.sub(lambda match: variables.get(match[1], ""), word)

"""Dockerfile commands, as the SDK sends them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modal_local.images.dockerfile import (
    DockerfileError,
    Instruction,
    assignments,
    needs_shell,
    parse_commands,
    simple_commands,
    split_words,
)


def lines(*commands: str) -> list[tuple[str, str]]:
    return [(one.keyword, one.text) for one in parse_commands(commands)]


def test_comments_and_blank_lines_are_nothing() -> None:
    assert lines("# a comment", "", "FROM base") == [("FROM", "base")]


def test_a_continuation_joins_lines_and_list_items() -> None:
    assert lines("RUN cd /tmp && \\ ", "  poetry install") == [("RUN", "cd /tmp && poetry install")]
    assert lines("run a \\\n b") == [("RUN", "a b")]


def test_a_quoted_value_may_hold_a_newline() -> None:
    assert lines("ENV A='one\ntwo'", "WORKDIR /app") == [
        ("ENV", "A='one\ntwo'"),
        ("WORKDIR", "/app"),
    ]


def test_a_here_document_belongs_to_its_command() -> None:
    assert lines("RUN <<EOF\nrm -rf x\nEOF\nENV A=1") == [("RUN", "<<EOF"), ("ENV", "A=1")]


def test_flags_are_told_from_the_command() -> None:
    (copy,) = parse_commands(["COPY --from=image:tag --chown=1 /a /b"])
    assert copy == Instruction("COPY", "/a /b", ("--from=image:tag", "--chown=1"))


def test_what_is_no_command_is_refused() -> None:
    with pytest.raises(DockerfileError, match="not a Dockerfile command"):
        parse_commands(["<xml/>"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("A=1 B='2 3'", {"A": "1", "B": "2 3"}, id="several"),
        pytest.param("A the rest", {"A": "the rest"}, id="old form"),
        pytest.param("PATH=/x:$PATH", {"PATH": "/x:/bin"}, id="variable"),
        pytest.param('P="${PATH}"', {"P": "/bin"}, id="in double quotes"),
        pytest.param("P='$PATH'", {"P": "$PATH"}, id="single quotes keep it"),
        pytest.param(r"P=\$PATH", {"P": "$PATH"}, id="escaped"),
    ],
)
def test_env(text: str, expected: dict[str, str]) -> None:
    assert assignments(text, {"PATH": "/bin"}) == expected


@example({"A": " \n"})
@example({"A": "\\\n"})
@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), st.text(max_size=30)))
def test_every_value_that_the_sdk_quotes_comes_back(variables: dict[str, str]) -> None:
    import shlex

    usable = {k: v for k, v in variables.items() if "\x00" not in v and "\r" not in v}
    commands = [f"ENV {key}={shlex.quote(value)}" for key, value in usable.items()]
    found: dict[str, str] = {}
    for one in parse_commands(commands):
        found.update(assignments(one.text, {}))
    assert found == usable


def run(text: str, **variables: str) -> list[list[str]]:
    return simple_commands(Instruction("RUN", text), variables)


def test_joined_commands_are_taken_apart() -> None:
    assert run("pip install a && pip install 'b>=2'; echo x") == [
        ["pip", "install", "a"],
        ["pip", "install", "b>=2"],
        ["echo", "x"],
    ]


def test_a_variable_never_becomes_more_than_one_word() -> None:
    assert run("pip install $X", X="a; rm -rf /") == [["pip", "install", "a; rm -rf /"]]


def test_the_json_form_is_read() -> None:
    assert run('["pip", "install", "a b"]') == [["pip", "install", "a b"]]


@pytest.mark.parametrize("text", ["curl x | sh", "echo a > b", "a $(b)", "a `b`", "a & b"])
def test_what_only_a_shell_understands_is_seen(text: str) -> None:
    assert any(needs_shell(words) for words in run(text))


def test_unbalanced_quotes_are_refused() -> None:
    with pytest.raises(DockerfileError):
        split_words("a 'b", {})

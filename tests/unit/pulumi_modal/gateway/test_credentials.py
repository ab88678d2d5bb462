"""Which Modal a workspace means: its own local one, or what the `modal` client would reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_modal.errors import BindingError, Unauthenticated, Unavailable
from pulumi_modal.gateway.credentials import (
    Credentials,
    check_environment,
    check_workspace,
    find_credentials,
    local_home,
)

LOCAL = """
[local]
server_url = "http://127.0.0.1:9"
token_id = "ak-local"
token_secret = "as-local"
active = true
"""
TOML = """
[default]
token_id = "ak-default"
token_secret = "as-default"

[acme]
server_url = "https://acme.test"
token_id = "ak-acme"
token_secret = "as-acme"
active = true
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "modal.toml"
    path.write_text(TOML)
    return path


def found(path: Path, workspace: str, **environ: str) -> tuple[Credentials, ...]:
    return find_credentials(workspace, path.parent, {"MODAL_CONFIG_PATH": str(path), **environ})


def ambient(path: Path, **environ: str) -> Credentials:
    """What the `modal` client would use: there is no profile of this workspace."""
    (one,) = found(path, "other", **environ)
    return one


def test_a_token_is_never_shown() -> None:
    known = Credentials("https://x", "ak-1", "as-secret")
    assert "as-secret" not in f"{known!r} {known}"
    assert known.variables()["MODAL_TOKEN_SECRET"] == "as-secret"


def test_the_home_of_the_local_modal_is_named_else_beside_the_project(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("")
    inner = tmp_path / "a" / "b"
    named = {"MODAL_LOCAL_HOME": "/named"}
    assert local_home(inner, named) == Path("/named")
    assert local_home(inner, {}) == tmp_path / ".local-modal"
    assert local_home(tmp_path, {"MODAL_LOCAL_HOME": ""}) == tmp_path / ".local-modal"


def test_without_a_project_the_home_is_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_home(Path("/"), {}) == tmp_path / ".modal-local"
    assert local_home(Path("/"), {"MODAL_LOCAL_HOME": "~/x"}) == tmp_path / "x"


def test_the_local_workspace_has_the_credentials_that_it_gave_out(tmp_path: Path) -> None:
    (tmp_path / "modal.toml").write_text(LOCAL)
    environ = {"MODAL_LOCAL_HOME": str(tmp_path), "MODAL_TOKEN_ID": "ak-of-the-cloud"}
    (one,) = find_credentials("local", tmp_path, environ)
    assert one == Credentials("http://127.0.0.1:9", "ak-local", "as-local")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(None, "there is no local Modal in ", id="never started"),
        pytest.param("[local", "does not say how to reach the local Modal", id="no TOML"),
        pytest.param("[other]", "does not say how to reach the local Modal", id="no profile"),
        pytest.param("local = 3", "does not say how to reach the local Modal", id="no map"),
        pytest.param(LOCAL.replace("as-local", ""), "does not say", id="empty token"),
        pytest.param("[local]\ntoken_id = 'x'", "does not say", id="half a profile"),
    ],
)
def test_a_local_modal_without_credentials_is_unavailable(
    tmp_path: Path, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / "modal.toml").write_text(text)
    with pytest.raises(Unavailable) as caught:
        find_credentials("local", tmp_path, {"MODAL_LOCAL_HOME": str(tmp_path)})
    assert said in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert str(caught.value).endswith("start it with `pulumi-modal local start`")


def test_another_workspace_is_reached_by_the_active_profile(config: Path) -> None:
    assert ambient(config) == Credentials("https://acme.test", "ak-acme", "as-acme")


def test_a_named_profile_wins_over_the_active_one(config: Path) -> None:
    one = ambient(config, MODAL_PROFILE="default")
    assert one == Credentials("https://api.modal.com", "ak-default", "as-default")


def test_without_an_active_profile_it_is_the_default_one(config: Path) -> None:
    config.write_text(TOML.replace("active = true", ""))
    assert ambient(config).token_id == "ak-default"


def test_variables_win_over_a_profile_one_by_one(config: Path) -> None:
    one = ambient(config, MODAL_TOKEN_ID="ak-env", MODAL_SERVER_URL="", MODAL_TOKEN_SECRET="as")
    assert one == Credentials("https://acme.test", "ak-env", "as")


def test_variables_alone_are_enough(tmp_path: Path) -> None:
    one = ambient(tmp_path / "none.toml", MODAL_TOKEN_ID="ak", MODAL_TOKEN_SECRET="as")
    assert one == Credentials("https://api.modal.com", "ak", "as")


def test_the_users_own_configuration_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".modal.toml").write_text(TOML)
    assert find_credentials("other", tmp_path, {})[0].token_id == "ak-acme"


@pytest.mark.parametrize(
    ("workspace", "environ", "tokens"),
    [
        pytest.param("work", {}, ["ak-work", "ak-acme"], id="its own profile, then the active one"),
        pytest.param("acme", {}, ["ak-acme"], id="its own profile is the active one"),
        pytest.param(
            "work", {"MODAL_PROFILE": "acme"}, ["ak-acme", "ak-work"], id="a named profile first"
        ),
        pytest.param(
            "work",
            {"MODAL_TOKEN_ID": "ak-env", "MODAL_TOKEN_SECRET": "as"},
            ["ak-env", "ak-work"],
            id="a token in variables first",
        ),
        pytest.param(
            "work", {"MODAL_PROFILE": "gone"}, ["ak-work"], id="the named profile is not there"
        ),
        pytest.param("empty", {}, ["ak-acme"], id="its own profile has no token"),
    ],
)
def test_each_workspace_of_a_program_has_its_own_profile(
    config: Path, workspace: str, environ: dict[str, str], tokens: list[str]
) -> None:
    profiles = "[work]\ntoken_id = 'ak-work'\ntoken_secret = 'as-work'\n[empty]\ntoken_id = ''\n"
    config.write_text(TOML + profiles)
    assert [one.token_id for one in found(config, workspace, **environ)] == tokens


def test_a_profile_of_a_workspace_says_where_it_is(config: Path) -> None:
    assert found(config, "acme")[0].server_url == "https://acme.test"
    assert found(config, "default")[0].server_url == "https://api.modal.com"
    (elsewhere, _) = found(config, "default", MODAL_SERVER_URL="https://elsewhere.test")
    assert elsewhere.server_url == "https://elsewhere.test"


@pytest.mark.parametrize(
    ("text", "environ", "said"),
    [
        pytest.param("", {}, "there is no Modal token: run `modal token new`", id="nothing"),
        pytest.param(
            TOML,
            {"MODAL_PROFILE": "gone"},
            "there is no Modal token in the profile gone of ",
            id="no such profile",
        ),
        pytest.param("", {"MODAL_TOKEN_ID": "ak"}, "there is no Modal token", id="half a token"),
        pytest.param("[default", {}, "cannot be read as TOML: correct or remove it", id="no TOML"),
        pytest.param("default = 3", {}, "there is no Modal token", id="no map"),
    ],
)
def test_without_a_token_the_cure_is_told(
    config: Path, text: str, environ: dict[str, str], said: str
) -> None:
    config.write_text(text)
    with pytest.raises(Unauthenticated) as caught:
        ambient(config, **environ)
    assert said in str(caught.value)


def test_a_broken_configuration_is_named_without_its_content(config: Path) -> None:
    config.write_text("[default]\ntoken_secret = as-secret")
    with pytest.raises(Unauthenticated, match=r"modal\.toml") as caught:
        ambient(config)
    assert "as-secret" not in str(caught.value)


def test_an_environment_is_bound_only_where_one_is_named() -> None:
    check_environment("dev", {})
    check_environment("dev", {"MODAL_ENVIRONMENT": ""})
    check_environment("dev", {"MODAL_ENVIRONMENT": "dev"})
    with pytest.raises(BindingError, match="select the stack of prod, or unset MODAL_ENVIRONMENT"):
        check_environment("dev", {"MODAL_ENVIRONMENT": "prod"})


def test_another_workspace_is_refused_by_both_names() -> None:
    check_workspace("acme", "acme")
    with pytest.raises(BindingError, match=r"workspace acme, but the credentials reach other: "):
        check_workspace("acme", "other")

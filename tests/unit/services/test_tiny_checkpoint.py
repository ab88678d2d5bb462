"""The tiny checkpoint is a real one: its files agree with each other and with their formats."""

from __future__ import annotations

import hashlib
import json
import struct
from itertools import pairwise
from pathlib import Path

import pytest

from services.tiny_checkpoint import main, make_checkpoint


def test_equal_bytes_come_out_every_time(tmp_path: Path) -> None:
    make_checkpoint(tmp_path / "one")
    make_checkpoint(tmp_path / "two")
    assert _digests(tmp_path / "one") == _digests(tmp_path / "two")


def test_the_weights_lie_end_to_end_behind_their_header(tmp_path: Path) -> None:
    make_checkpoint(tmp_path)
    content = (tmp_path / "model.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    del header["__metadata__"]
    spans = sorted(entry["data_offsets"] for entry in header.values())
    assert spans[0][0] == 0
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    assert 8 + length + spans[-1][1] == len(content)


def test_every_token_has_a_row_of_weights(tmp_path: Path) -> None:
    make_checkpoint(tmp_path)
    vocabulary = json.loads((tmp_path / "tokenizer.json").read_text())["model"]["vocab"]
    config = json.loads((tmp_path / "config.json").read_text())
    assert sorted(vocabulary.values()) == list(range(config["vocab_size"]))


def test_only_letters_and_spaces_are_generated(tmp_path: Path) -> None:
    make_checkpoint(tmp_path)
    vocabulary = json.loads((tmp_path / "tokenizer.json").read_text())["model"]["vocab"]
    choices = json.loads((tmp_path / "generation_config.json").read_text())
    left = {
        token for token, number in vocabulary.items() if number not in choices["suppress_tokens"]
    }
    assert left == set("abcdefghijklmnopqrstuvwxyz") | {"Ġ"}


def test_a_wrong_call_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage: python tiny_checkpoint.py FOLDER" in capsys.readouterr().err


def test_the_command_writes_the_folder_it_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "tiny")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "tiny")
    assert (tmp_path / "tiny" / "model.safetensors").is_file()


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}

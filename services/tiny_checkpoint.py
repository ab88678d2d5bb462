"""Makes a tiny Llama checkpoint: real files in the real formats, with random weights.

What it writes is loaded by `from_pretrained` like any model, in milliseconds and without the
internet; what it generates means nothing. Only the standard library is needed:
`python services/tiny_checkpoint.py checkpoints/tiny`.
"""

from __future__ import annotations

import json
import math
import random
import string
import struct
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SEED: Final = 20
HIDDEN: Final = 64
INNER: Final = 128
HEADS: Final = 4
KEY_VALUE_HEADS: Final = 2
LAYERS: Final = 2
CONTEXT: Final = 2048
SPECIALS: Final = ("<s>", "</s>", "<pad>")
WRITES: Final = string.ascii_lowercase + " "
"""The only characters that it generates."""

Shape = tuple[int, ...]


def make_checkpoint(folder: Path) -> None:
    """Write weights, configuration and tokenizer; equal bytes on every machine."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary()
    _write_json(folder / "config.json", _config(len(vocabulary)))
    _write_json(folder / "generation_config.json", _generation_config(vocabulary))
    _write_json(folder / "tokenizer.json", _tokenizer(vocabulary))
    _write_json(folder / "tokenizer_config.json", _tokenizer_config())
    _write_weights(folder / "model.safetensors", dict(_shapes(len(vocabulary))))


def _byte_letters() -> list[str]:
    """The letter that stands for each byte in byte-level tokenizers (GPT-2's table)."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    spare = iter(range(0x100, 0x200))
    return [chr(byte if byte in plain else next(spare)) for byte in range(256)]


def _vocabulary() -> dict[str, int]:
    return {token: number for number, token in enumerate([*SPECIALS, *_byte_letters()])}


def _config(vocabulary_size: int) -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KEY_VALUE_HEADS,
        "max_position_embeddings": CONTEXT,
        "vocab_size": vocabulary_size,
        "rms_norm_eps": 1e-6,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 2,
        "dtype": "float32",
    }


def _generation_config(vocabulary: dict[str, int]) -> dict[str, object]:
    letters = _byte_letters()
    wanted = {vocabulary[letters[ord(character)]] for character in WRITES}
    return {
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 2,
        "no_repeat_ngram_size": 2,
        "suppress_tokens": sorted(set(vocabulary.values()) - wanted),
    }


def _tokenizer(vocabulary: dict[str, int]) -> dict[str, object]:
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True}
    return {
        "version": "1.0",
        "added_tokens": [
            {
                "id": vocabulary[token],
                "content": token,
                "special": True,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
            }
            for token in SPECIALS
        ],
        "pre_tokenizer": {**byte_level, "use_regex": True},
        "decoder": {**byte_level, "use_regex": True},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": []},
    }


def _tokenizer_config() -> dict[str, object]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "model_max_length": CONTEXT,
        "clean_up_tokenization_spaces": False,
    }


def _shapes(vocabulary_size: int) -> Iterator[tuple[str, Shape]]:
    """Name and shape of every weight of a Llama."""
    narrow = HIDDEN // HEADS * KEY_VALUE_HEADS
    yield "model.embed_tokens.weight", (vocabulary_size, HIDDEN)
    for layer in range(LAYERS):
        at = f"model.layers.{layer}"
        yield f"{at}.self_attn.q_proj.weight", (HIDDEN, HIDDEN)
        yield f"{at}.self_attn.k_proj.weight", (narrow, HIDDEN)
        yield f"{at}.self_attn.v_proj.weight", (narrow, HIDDEN)
        yield f"{at}.self_attn.o_proj.weight", (HIDDEN, HIDDEN)
        yield f"{at}.mlp.gate_proj.weight", (INNER, HIDDEN)
        yield f"{at}.mlp.up_proj.weight", (INNER, HIDDEN)
        yield f"{at}.mlp.down_proj.weight", (HIDDEN, INNER)
        yield f"{at}.input_layernorm.weight", (HIDDEN,)
        yield f"{at}.post_attention_layernorm.weight", (HIDDEN,)
    yield "model.norm.weight", (HIDDEN,)
    yield "lm_head.weight", (vocabulary_size, HIDDEN)


def _write_weights(path: Path, shapes: dict[str, Shape]) -> None:
    """The safetensors format: length of the header, the header, the numbers."""
    chance = random.Random(SEED)  # noqa: S311 - weights, not secrets
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    numbers = array("f")
    for name, shape in shapes.items():
        start = len(numbers) * numbers.itemsize
        numbers.extend(_weight(shape, chance))
        end = len(numbers) * numbers.itemsize
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [start, end]}
    if sys.byteorder == "big":
        numbers.byteswap()
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + numbers.tobytes())


def _weight(shape: Shape, chance: random.Random) -> Iterator[float]:
    if len(shape) == 1:
        return iter([1.0] * shape[0])  # scale of a norm
    spread = 1 / math.sqrt(shape[1])
    return (chance.uniform(-spread, spread) for _ in range(math.prod(shape)))


def _write_json(path: Path, content: dict[str, object]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Exit status 0 when the checkpoint was made, 2 for wrong usage."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print("usage: python tiny_checkpoint.py FOLDER", file=sys.stderr)  # noqa: T201 - a command
        return 2
    make_checkpoint(Path(arguments[0]))
    print(arguments[0])  # noqa: T201 - a command
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

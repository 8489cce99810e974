"""BERT for inference (Devlin et al. 2019, https://arxiv.org/abs/1810.04805), on the tensors of a file.

transformers' own model takes seconds and 200 MB to import, and half of a short question's time is
spent between its modules. This one computes the same and nothing else; a test holds the two side by
side. Import it only where torch may be loaded.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import torch
from safetensors.torch import load_file
from torch.nn.functional import embedding, gelu, layer_norm, linear, scaled_dot_product_attention

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

_AMX_WIDTH: Final = 384
"""Columns of a product in bfloat16 up to which rows come out the same to the bit, however many there are. On
processors with AMX wider ones are summed in another order when there are many: scores differ by up to .09."""


@dataclass(frozen=True, slots=True)
class BertShape:
    """What the tensors of a BERT do not tell: the count of attention heads, and the ε of its norms."""

    heads: int
    epsilon: float

    @classmethod
    def read(cls, config: Path) -> Self:
        """Read it from a `config.json`.

        Raises:
            OSError, KeyError: the file is absent, or lacks it.
            ValueError: it is no JSON, or of a model that computes otherwise.
        """
        told = json.loads(config.read_text(encoding="utf-8"))
        if (told["model_type"], told["hidden_act"]) != ("bert", "gelu"):
            message = f"{config} is of a model that is no BERT with GELU"
            raise ValueError(message)
        return cls(told["num_attention_heads"], told["layer_norm_eps"])


class Bert:
    """An encoder of texts: token ids in, one hidden state for each token out.

    `tensors` are those it was made of, by the names that transformers gives them, not copied.
    """

    def __init__(self, tensors: Mapping[str, Tensor], shape: BertShape, dtype: torch.dtype = torch.float32) -> None:
        """Compute with `tensors`, the layers' converted to `dtype`.

        Raises:
            KeyError: one is missing.
        """
        self.tensors = tensors
        self.shape = shape
        self._dtype = dtype
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._places = tensors["embeddings.position_embeddings.weight"]
        self._types = tensors["embeddings.token_type_embeddings.weight"]
        self._norm = _Norm.of(tensors, "embeddings.LayerNorm", shape.epsilon, torch.float32)
        count = len({name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")})
        self._layers = [_Layer.of(tensors, f"encoder.layer.{at}", shape, dtype) for at in range(count)]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load `model.safetensors` and `config.json` of a folder.

        Raises:
            OSError, ValueError, KeyError: a file is absent or damaged.
        """
        return cls(load_file(folder / "model.safetensors"), BertShape.read(folder / "config.json"))

    def __call__(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Return the last hidden states, (batch, tokens, hidden) in the layers' dtype.

        `ids` and `types` (0 for a first text, 1 for a second) are int64, `mask` bool, False for
        padding, each (batch, tokens).
        """
        state = embedding(ids, self._words) + self._places[: ids.shape[1]] + embedding(types, self._types)
        state = self._norm(state).to(self._dtype)
        seen = None if bool(mask.all()) else mask[:, None, None, :]
        for layer in self._layers:
            state = layer(state, seen)
        return state

    def digest(self, layers: int) -> str:
        """Return the SHA-256 of the lowest `layers` layers and of the embeddings but the words', as float32.

        It says which encoder this is. The words' 46 MB lie in the file until a word is used.
        """
        digest = hashlib.sha256()
        counted = (
            "embeddings.LayerNorm",
            "embeddings.position",
            "embeddings.token_type",
            *(f"encoder.layer.{at}." for at in range(layers)),
        )
        for name in sorted(self.tensors):
            if name.startswith(counted):
                digest.update(name.encode())
                digest.update(self.tensors[name].float().contiguous().numpy().data)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Linear:
    """A product with a matrix, whose columns may be in parts: then one after the other is added."""

    parts: tuple[Tensor, ...]
    bias: Tensor

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], name: str, dtype: torch.dtype) -> Self:
        weight = tensors[f"{name}.weight"].to(dtype)
        width = _AMX_WIDTH if dtype == torch.bfloat16 and has_amx() else weight.shape[1]
        parts = (weight,) if width >= weight.shape[1] else (part.contiguous() for part in torch.split(weight, width, 1))
        return cls(tuple(parts), tensors[f"{name}.bias"].to(dtype))

    def __call__(self, state: Tensor) -> Tensor:
        first, *others = self.parts
        if not others:
            return linear(state, first, self.bias)
        begin, *further = torch.split(state.flatten(0, -2), first.shape[1], -1)
        made = linear(begin, first, self.bias)
        for columns, part in zip(further, others, strict=True):
            made.addmm_(columns, part.t())
        return made.view(*state.shape[:-1], -1)


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], name: str, epsilon: float, dtype: torch.dtype) -> Self:
        return cls(tensors[f"{name}.weight"].to(dtype), tensors[f"{name}.bias"].to(dtype), epsilon)

    def __call__(self, state: Tensor) -> Tensor:
        return layer_norm(state, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True)
class _Layer:
    heads: int
    query: _Linear
    key: _Linear
    value: _Linear
    joined: _Linear
    attended: _Norm
    widened: _Linear
    narrowed: _Linear
    done: _Norm

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], name: str, shape: BertShape, dtype: torch.dtype) -> Self:
        def part(inner: str) -> _Linear:
            return _Linear.of(tensors, f"{name}.{inner}", dtype)

        def norm(inner: str) -> _Norm:
            return _Norm.of(tensors, f"{name}.{inner}", shape.epsilon, dtype)

        return cls(
            shape.heads,
            query=part("attention.self.query"),
            key=part("attention.self.key"),
            value=part("attention.self.value"),
            joined=part("attention.output.dense"),
            attended=norm("attention.output.LayerNorm"),
            widened=part("intermediate.dense"),
            narrowed=part("output.dense"),
            done=norm("output.LayerNorm"),
        )

    def __call__(self, state: Tensor, mask: Tensor | None) -> Tensor:
        batch, tokens, _ = state.shape

        def split(projected: Tensor) -> Tensor:
            return projected.view(batch, tokens, self.heads, -1).transpose(1, 2)

        query, key, value = split(self.query(state)), split(self.key(state)), split(self.value(state))
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        state = self.attended(state + self.joined(mixed.transpose(1, 2).reshape(batch, tokens, -1)))
        return self.done(state + self.narrowed(gelu(self.widened(state))))


def has_amx() -> bool:
    """Say whether the processor has Intel's matrix instructions (AMX) for bfloat16."""
    return bool(torch.cpu.get_capabilities().get("amx_bf16"))

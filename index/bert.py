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
from torch.nn.functional import embedding, gelu, layer_norm, scaled_dot_product_attention

from index.product import product_with

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from index.product import Product

_EMBEDDINGS: Final = "embeddings."


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

    `embeddings` are the tensors of that part by the names that transformers gives them, not copied. The layers'
    are kept in the order in which they are multiplied, and those that they came from are let go.
    """

    def __init__(self, tensors: Mapping[str, Tensor], shape: BertShape, dtype: torch.dtype = torch.float32) -> None:
        """Compute with `tensors`, the layers' converted to `dtype`.

        Raises:
            KeyError: one is missing.
        """
        self.embeddings = {name: tensor for name, tensor in tensors.items() if name.startswith(_EMBEDDINGS)}
        self.shape = shape
        self._dtype = dtype
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._places = tensors["embeddings.position_embeddings.weight"]
        self._types = tensors["embeddings.token_type_embeddings.weight"]
        self._norm = _Norm.of(tensors, "embeddings.LayerNorm", shape.epsilon, torch.float32)
        self._layers = [_Layer.of(tensors, name, shape, dtype) for name in layers_of(tensors)]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load `model.safetensors` and `config.json` of a folder.

        Raises:
            OSError, ValueError, KeyError: a file is absent or damaged.
        """
        file = folder / "model.safetensors"
        # A file stays in memory, as far as it was read, while one of its tensors is held: 43 MB of layers.
        held = {name: tensor for name, tensor in load_file(file).items() if name.startswith(_EMBEDDINGS)}
        return cls({**load_file(file), **held}, BertShape.read(folder / "config.json"))

    def __call__(self, ids: Tensor, types: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Return the last hidden states, (batch, tokens, hidden) in the layers' dtype.

        `ids` and `types` (0 for a first text, 1 for a second) are int64, `mask` bool, False for padding, each
        (batch, tokens). Without `types` all is of first texts, without a `mask` nothing is padding.
        """
        kinds = self._types[0] if types is None else embedding(types, self._types)
        state = embedding(ids, self._words) + self._places[: ids.shape[1]] + kinds
        rows = self._norm(state).to(self._dtype).flatten(0, 1)
        seen = None if mask is None or bool(mask.all()) else mask[:, None, None, :]
        for layer in self._layers:
            rows = layer(rows, len(ids), seen)
        return rows.view(*ids.shape, -1)

    def digest(self) -> str:
        """Return the SHA-256 of the embeddings but the words', as float32.

        It says which encoder this is. The words' 46 MB lie in the file until a word is used.
        """
        digest = hashlib.sha256()
        for name in sorted(self.embeddings):
            if not name.startswith("embeddings.word"):
                digest.update(name.encode())
                digest.update(self.embeddings[name].float().contiguous().numpy().data)
        return digest.hexdigest()


def layers_of(tensors: Mapping[str, Tensor]) -> list[str]:
    """Return what the names of the tensors of each layer begin with, the lowest first."""
    count = len({name.split(".")[2] for name in tensors if name.startswith("encoder.layer.")})
    return [f"encoder.layer.{at}." for at in range(count)]


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: Tensor
    bias: Tensor
    epsilon: float

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], name: str, epsilon: float, dtype: torch.dtype) -> Self:
        weight, bias = (tensors[f"{name}.{kind}"].to(dtype, copy=True) for kind in ("weight", "bias"))
        return cls(weight, bias, epsilon)

    def __call__(self, state: Tensor) -> Tensor:
        return layer_norm(state, self.weight.shape, self.weight, self.bias, self.epsilon)


@dataclass(frozen=True, slots=True)
class _Layer:
    """One layer; queries, keys and values are one product."""

    heads: int
    looked: Product
    joined: Product
    attended: _Norm
    widened: Product
    narrowed: Product
    done: _Norm

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], name: str, shape: BertShape, dtype: torch.dtype) -> Self:
        def part(*inner: str) -> Product:
            weights = [tensors[f"{name}{one}.weight"] for one in inner]
            weight = torch.cat(weights) if len(weights) > 1 else weights[0]
            bias = torch.cat([tensors[f"{name}{one}.bias"] for one in inner])
            return product_with(weight.to(dtype), bias.to(dtype))

        def norm(inner: str) -> _Norm:
            return _Norm.of(tensors, f"{name}{inner}", shape.epsilon, dtype)

        return cls(
            shape.heads,
            looked=part(*(f"attention.self.{one}" for one in ("query", "key", "value"))),
            joined=part("attention.output.dense"),
            attended=norm("attention.output.LayerNorm"),
            widened=part("intermediate.dense"),
            narrowed=part("output.dense"),
            done=norm("output.LayerNorm"),
        )

    def __call__(self, rows: Tensor, batch: int, mask: Tensor | None) -> Tensor:
        """Return the next state of `rows`, (batch · tokens, hidden)."""
        count, hidden = rows.shape
        looked = self.looked(rows).view(batch, count // batch, 3, self.heads, hidden // self.heads)
        query, key, value = looked.permute(2, 0, 3, 1, 4)
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        rows = self.attended(self.joined(mixed.transpose(1, 2).reshape(count, hidden)).add_(rows))
        return self.done(self.narrowed(gelu(self.widened(rows))).add_(rows))

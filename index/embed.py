"""Embeddings: the `Embedder` protocol, and any sentence-transformers model as one.

The model that ships is in `index.bundled`. torch and sentence-transformers take seconds to import,
so that happens in `load` and nowhere at module level.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from index.errors import ModelError, reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer


class Embedder(Protocol):
    """Whatever turns texts into vectors of unit length."""

    @property
    def name(self) -> str:
        """Return the model's name, for people."""

    @property
    def fingerprint(self) -> str:
        """Return what tells this model's vectors from any other's."""

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of `texts`, (n, d) float32, rows of unit length."""


@dataclass(frozen=True)
class SentenceTransformerEmbedder:
    """A sentence-transformers model on the CPU, on one thread as `index.bundled.BundledEmbedder`."""

    name: str
    fingerprint: str
    model: SentenceTransformer

    @classmethod
    def load(cls, name: str) -> SentenceTransformerEmbedder:
        """Return the model called `name`: a folder, or one of the Hugging Face hub.

        Raises:
            ModelError: the model cannot be loaded.
        """
        if Path(name).is_dir():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        model = _load_model(name)
        return cls(name, _fingerprint(model, name), model)

    @property
    def dimensions(self) -> int:
        """Return the length of a vector."""
        return self.model.get_embedding_dimension() or 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of `texts`, (n, d) float32, rows of unit length."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self.model.encode(
            list(texts), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, dtype=np.float32)


def _load_model(source: str) -> SentenceTransformer:
    import torch
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    torch.set_num_threads(1)
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(source, device="cpu")
    except (OSError, ValueError, RuntimeError) as error:
        message = f"The embedding model {source!r} cannot be loaded: {reason_of(error)}"
        raise ModelError(message) from error


def _fingerprint(model: SentenceTransformer, name: str) -> str:
    """Return a digest of the name and of the vectors of two fixed texts: what matters of a model."""
    probe = model.encode(["Storydesk", "A probe of the model."], show_progress_bar=False)
    return hashlib.sha256(name.encode() + np.round(probe, 3).astype(np.float32).tobytes()).hexdigest()

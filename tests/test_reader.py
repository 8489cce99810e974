"""The reader finds words inside passages, the same ones alone or in a batch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from bot.reader import BUNDLED_READER, MAX_ANSWER_TOKENS, Reader, best_spans
from bot.reader_models import HubModel, ShippedModel, dequantised
from index import heap
from index.bert import Bert, BertShape
from index.bundled import BundledEmbedder, bundled_model_folder
from index.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORDS = "[PAD] [UNK] [CLS] [SEP] the base cost how much did 100 million near aga ##dez , . ? who built it".split()
_PASSAGES = [
    "The base, near Agadez, cost 100 million.",
    "  the base  ",
    "Who?",
    "it cost the base much, much, much, much, much. how much did it cost? 100 million did it cost, the base.",
]
_FOLDER = Path(__file__).parents[1] / "bot" / "reader_model"


@pytest.fixture
def tiny(tmp_path: Path) -> Reader:
    """Make a random reader of two small layers, saved and loaded as a user's own would be."""
    from transformers import BertConfig, BertForQuestionAnswering, BertTokenizer

    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(_WORDS), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        initializer_range=0.5,
    )  # fmt: skip
    BertForQuestionAnswering(config).save_pretrained(tmp_path)
    (tmp_path / "vocab.txt").write_text("\n".join(_WORDS), encoding="utf-8")
    BertTokenizer(vocab={word: at for at, word in enumerate(_WORDS)}).save_pretrained(tmp_path)
    return Reader.from_pretrained(tmp_path)


def test_spans_lie_in_the_passage_and_touch_no_white_space(tiny: Reader) -> None:
    """Every span is non-empty, stripped and ends where a token of the passage ends."""
    readings = tiny.read("How much did the base cost?", _PASSAGES)
    assert len(readings) == len(_PASSAGES)
    for reading, passage in zip(readings, _PASSAGES, strict=True):
        words = passage[reading.start : reading.end]
        assert 0 <= reading.start < reading.end <= len(passage)
        assert words == words.strip()


def test_a_batch_reads_like_its_passages_one_by_one(tiny: Reader) -> None:
    """Padding and sorting change neither the order of the answers nor their scores."""
    together = tiny.read("who built it?", _PASSAGES)
    alone = [tiny.read("who built it?", [passage])[0] for passage in _PASSAGES]
    assert [(r.start, r.end) for r in together] == [(r.start, r.end) for r in alone]
    assert [r.score for r in together] == pytest.approx([r.score for r in alone], abs=1e-4)


def test_lengths_are_few_so_that_torch_compiles_for_few(tiny: Reader) -> None:
    lengths = set()

    def model(ids: torch.Tensor, types: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        lengths.add(ids.shape[1])
        return torch.zeros(ids.shape), torch.zeros(ids.shape)

    reader = Reader(model, tiny._tokenizer, fingerprint="")
    for words in range(1, 120):
        reader.read("who built it?", ["the " * words])
    assert lengths == {16, 32, 48, 64, 96, 128}


def test_no_passages_no_readings(tiny: Reader) -> None:
    """Nothing to read is not an error."""
    assert tiny.read("who?", []) == []


def test_a_passage_without_words_never_wins(tiny: Reader) -> None:
    """An empty or blank passage gives the empty span and minus infinity, and leaves its neighbours alone."""
    blank, empty, full = tiny.read("who?", [" \n ", "", "The base."])
    assert (blank.start, blank.end, blank.score) == (0, 0, float("-inf"))
    assert empty == blank
    assert full.score > float("-inf")


def test_a_very_long_question_and_passage_are_cut(tiny: Reader) -> None:
    """A question longer than the model's input still leaves room for the passage."""
    reading = tiny.read("how much did it cost " * 200, ["the base " * 500])[0]
    assert reading.end > reading.start


def _logits(tokens: int, peaks: dict[int, float]) -> torch.Tensor:
    row = [peaks.get(at, 0.0) for at in range(tokens)]
    return torch.tensor([row])


def _inside(tokens: int, places: Sequence[int]) -> torch.Tensor:
    return torch.tensor([[at in places for at in range(tokens)]])


def test_the_best_span_is_scored_against_no_answer() -> None:
    """Score = start 4 + end 3 - (1 + 2) of token 0; peaks outside the passage do not count."""
    starts, ends = _logits(8, {0: 1.0, 2: 9.0, 5: 4.0}), _logits(8, {0: 2.0, 2: 9.0, 6: 3.0})
    score, first, last = best_spans(starts, ends, _inside(8, (4, 5, 6, 7)))
    assert (score.item(), first.item(), last.item()) == (4.0, 5, 6)


def test_a_span_never_ends_before_it_starts_nor_runs_too_long() -> None:
    """The start after the end, and an end too far away, are both left for the next best."""
    count = MAX_ANSWER_TOKENS + 10
    far = 2 + MAX_ANSWER_TOKENS
    starts, ends = _logits(count, {2: 5.0, 9: 2.0}), _logits(count, {1: 5.0, far: 5.0, 12: 1.0})
    score, first, last = best_spans(starts, ends, _inside(count, range(1, count)))
    assert first.item() <= last.item() < first.item() + MAX_ANSWER_TOKENS
    assert (score.item(), first.item(), last.item()) == (7.0, 9, far)


def test_bytes_and_scales_give_the_matrix_back() -> None:
    """Row i is multiplied by scale i."""
    rows = torch.tensor([[1, -2], [127, 0]], dtype=torch.int8)
    assert dequantised(rows, torch.tensor([0.5, 2.0])).tolist() == [[0.5, -1.0], [254.0, 0.0]]


def test_our_bert_computes_what_that_of_transformers_does(tiny: Reader) -> None:
    """Also of rows that are filled up, and of second texts."""
    assert isinstance(tiny._model, HubModel)
    theirs: Any = tiny._model.module.bert
    ours = Bert(theirs.state_dict(), BertShape(heads=2, epsilon=1e-12))
    ids = torch.tensor([[2, 4, 5, 3, 6, 7, 3], [2, 4, 3, 6, 3, 0, 0]])
    types = torch.tensor([[0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0]])
    mask = torch.tensor([[True] * 7, [True] * 5 + [False] * 2])
    with torch.inference_mode():
        expected = theirs(input_ids=ids, token_type_ids=types, attention_mask=mask.long()).last_hidden_state
        found = ours(ids, types, mask)
        alone = ours(ids[:1, :3])
        expected_alone = theirs(input_ids=ids[:1, :3]).last_hidden_state
    assert (found - expected)[mask].abs().max() < 1e-5
    assert (alone - expected_alone).abs().max() < 1e-5


@pytest.fixture(scope="module")
def encoder() -> Bert:
    """Load the bundled encoder."""
    return Bert.load(bundled_model_folder())


@pytest.mark.skipif(not (_FOLDER / "reader.json").exists(), reason="the trained reader is not here")
def test_the_shipped_reader_shares_the_encoder_and_finds_the_sum(encoder: Bert) -> None:
    """The embeddings are the encoder's own, half of all numbers, and the cost is read from its sentence."""
    reader = Reader.load(_FOLDER, encoder)
    assert isinstance(reader._model, ShippedModel)
    own = {tensor.data_ptr() for tensor in encoder.embeddings.values()}
    shared = [tensor for tensor in reader._model.bert.embeddings.values() if tensor.data_ptr() in own]
    assert sum(tensor.numel() for tensor in shared) > 11_500_000
    passages = [
        "Officials from both countries met in the capital on Monday.",
        "The bridge was built in 1998 at a cost of 40 million euros.",
    ]
    wrong, right = reader.read("How much did the bridge cost?", passages)
    assert "40 million" in passages[1][right.start : right.end]
    assert right.score > wrong.score


def test_what_loading_took_is_given_back(encoder: Bert, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[bool] = []
    monkeypatch.setattr(heap, "give_back", lambda: given.append(True))
    Reader.load(_FOLDER, encoder)
    assert given == [True]


def test_an_encoder_is_known_by_its_embeddings_too(encoder: Bert) -> None:
    """With no layer frozen the reader stands on the embeddings alone."""
    other = load_file(bundled_model_folder() / "model.safetensors")
    other["embeddings.LayerNorm.bias"] = other["embeddings.LayerNorm.bias"] + 1
    assert Bert(other, encoder.shape).digest() != encoder.digest()
    with pytest.raises(ValueError, match="another model"):
        Reader.load(_FOLDER, Bert(other, encoder.shape))


@pytest.mark.parametrize("missing", ["bert.encoder.layer.5.", "qa_outputs."])
def test_a_reader_that_lacks_a_part_is_refused(missing: str, encoder: Bert, tmp_path: Path) -> None:
    stored = load_file(_FOLDER / "reader.safetensors")
    kept = {name: found for name, found in stored.items() if not name.startswith(missing)}
    save_file(kept, tmp_path / "reader.safetensors")
    (tmp_path / "reader.json").write_bytes((_FOLDER / "reader.json").read_bytes())
    with pytest.raises(ValueError, match="lacks layers, or its head"):
        Reader.load(tmp_path, encoder)


@pytest.mark.skipif(not (_FOLDER / "reader.json").exists(), reason="the trained reader is not here")
def test_sixteen_bits_change_the_scores_by_hundredths(encoder: Bert) -> None:
    """What is fast reads the same words with nearly the same scores."""
    full = Reader.load(_FOLDER, encoder, bfloat16=False).read("how much did it cost", _PASSAGES)
    fast = Reader.load(_FOLDER, encoder, bfloat16=True).read("how much did it cost", _PASSAGES)
    assert [r.score for r in fast] == pytest.approx([r.score for r in full], abs=0.3)


@pytest.mark.skipif(not (_FOLDER / "reader.json").exists(), reason="the trained reader is not here")
def test_wide_products_in_parts_read_the_same(encoder: Bert, monkeypatch: pytest.MonkeyPatch) -> None:
    """As processors with AMX compute them, on whatever this one is."""
    scores = {}
    for amx in (False, True):
        monkeypatch.setattr("index.product.has_amx", lambda amx=amx: amx)
        reader = Reader.load(_FOLDER, encoder, bfloat16=True)
        scores[amx] = [reading.score for reading in reader.read("how much did it cost", _PASSAGES)]
    assert scores[True] == pytest.approx(scores[False], abs=0.3)
    assert scores[True] != scores[False]


@pytest.mark.skipif(not (_FOLDER / "reader.json").exists(), reason="the trained reader is not here")
def test_the_shipped_reader_scores_a_passage_the_same_alone_and_among_longer_ones(encoder: Bert) -> None:
    """Otherwise a question that waits with others may get another answer than the same one asked alone."""
    reader = Reader.load(_FOLDER, encoder)
    longer = [f"The base cost {'very, ' * words}much, said a spokesman, near Agadez." for words in range(3, 60, 5)]
    together = reader.read("How much did it cost?", [*_PASSAGES, *longer])
    alone = [reader.read("How much did it cost?", [passage])[0] for passage in [*_PASSAGES, *longer]]
    assert [one.score for one in together] == pytest.approx([one.score for one in alone], abs=1e-4)


def test_the_shipped_reader_refuses_another_encoder(tiny: Reader) -> None:
    """On an encoder that it was not trained from it would answer nonsense, so it says no."""
    assert isinstance(tiny._model, HubModel)
    theirs: Any = tiny._model.module.bert
    other = Bert(theirs.state_dict(), BertShape(heads=2, epsilon=1e-12))
    with pytest.raises(ValueError, match="another model"):
        Reader.load(_FOLDER, other)


def test_a_word_is_known_when_it_is_one_entry_of_the_vocabulary(tiny: Reader) -> None:
    assert tiny.knows("base")
    assert not tiny.knows("agadez")


def test_a_reader_of_ones_own_has_its_own_fingerprint(tiny: Reader, tmp_path: Path) -> None:
    assert len(tiny.fingerprint) == 64
    assert Reader.open(str(tmp_path)).fingerprint == tiny.fingerprint


def test_a_reader_that_cannot_be_loaded_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^The reader .*gone.* cannot be loaded: "):
        Reader.open(str(tmp_path / "gone"))


def test_the_reader_that_ships_brings_its_encoder_where_the_embedding_model_is_another(
    embedder: BundledEmbedder,
) -> None:
    pairs = [("How much did the base cost?", "The base near Agadez cost $100 million.")]
    beside = Reader.open(BUNDLED_READER)
    assert beside.read_pairs(pairs) == Reader.open(BUNDLED_READER, embedder.bert).read_pairs(pairs)

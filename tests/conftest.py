"""What several test modules share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from index.bundled import BundledEmbedder

settings.register_profile("shared machine", deadline=None, derandomize=True)  # a check decides the same twice
settings.register_profile("search", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shared machine"))


@pytest.fixture(scope="session")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> BundledEmbedder:
    """The bundled model, loaded once for all tests that need real embeddings."""
    return BundledEmbedder.load(cache=tmp_path_factory.mktemp("model-cache"))

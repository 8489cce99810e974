"""Measures all that `RESULTS.md` says of speed, start, size and growth, and writes it there: `make bench`.

    python -m bench.everything

Each part is a process of its own, so that none warms up or swells another; one that fails leaves its section as it
was and does not keep the others from running.
"""

from __future__ import annotations

import subprocess
import sys

from bench.report import write_section

_PARTS = (("bench.peers", "--install"), ("bench.growth",))
_PRINTED = (("bench.question",), ("bench.together", "--rounds", "3"), ("bench.start",), ("bench.memory",))


def main() -> None:
    failed = [part[0] for part in _PARTS if _run(part) is None]
    printed = [_run(part) for part in _PRINTED]
    failed += [part[0] for part, text in zip(_PRINTED, printed, strict=True) if text is None]
    lines = [f"`python -m {' '.join(part)}`\n\n```\n{text}```\n" for part, text in zip(_PRINTED, printed, strict=True)]
    if None not in printed:
        write_section("time", "\n".join(lines))
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _run(part: tuple[str, ...]) -> str | None:
    """Run a part; return what it prints, or None where it fails."""
    command = [sys.executable, "-W", "ignore", "-m", *part]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 - ours
    print(done.stdout, flush=True)
    return done.stdout if done.returncode == 0 else None


if __name__ == "__main__":
    main()

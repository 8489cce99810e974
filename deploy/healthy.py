"""The container's health check: exit code 0 if /healthz answers; the image has no curl."""

from __future__ import annotations

import http.client
import os
import sys


def is_healthy(port: int) -> bool:
    """Say whether a bot lives on this port of the loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_healthy(int(os.environ.get("STORYDESK_SERVER__PORT", "0"))))

from __future__ import annotations

import socket

import pytest


@pytest.fixture
def free_port() -> int:
    """Nobody listens there."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port

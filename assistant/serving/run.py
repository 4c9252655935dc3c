"""Runs the server until it is told to stop."""

import errno
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assistant.errors import ListenError

if TYPE_CHECKING:
    from fastapi import FastAPI

# Streams that are still open at the end are cut after this time.
SHUTDOWN_SECONDS = 5
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on `host` and `port`; port 0 takes a free one.

    Raises:
        ListenError: the port is taken, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ListenError(
                f"Port {port} of {host} is taken by another program.",
                hint="Stop that program, or choose another port: assistant serve --port 7861.",
            ) from error
        raise ListenError(
            f"Nothing can listen on {host}, port {port}: {error.strerror or error}.",
            hint="Use an address of this machine and a port above 1023.",
        ) from error
    return listener


def serve_until_stopped(
    app: "FastAPI", listener: socket.socket, started: Callable[[], None]
) -> None:
    """Serve `app` on `listener` until SIGINT or SIGTERM; `started` is called when it answers."""
    import uvicorn

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Stop on a signal, without raising it again: what is open is closed afterwards."""
            before = {one: signal.signal(one, self.handle_exit) for one in STOP_SIGNALS}
            try:
                yield
            finally:
                for one, handler in before.items():
                    signal.signal(one, handler)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if not self.should_exit:
                started()

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ws="none",
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    Server(config).run([listener])

"""The server: gRPC for both of Google's services, and in front of it the Realtime sandbox's HTTP with a chat model
that streams.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import grpc
import orjson
from aiohttp import web

from sandbox.google.account import HOST, Account, Doorkeeper
from sandbox.google.calls import Calls, GoogleOptions
from sandbox.google.recognise import Recognition
from sandbox.google.synthesise import Synthesis
from sandbox.google.talk import Talk
from sandbox.realtime.script import Script
from sandbox.realtime.server import Options, RealtimeServer

_LARGEST_MESSAGE = 8 * 1024 * 1024
_GRACE_S = 0.2


@dataclass(slots=True)
class ServerOptions:
    """http: the Realtime sandbox's own options. streams_per_connection: what comes beyond waits; None: no limit.
    account: TLS, and only for who has its key; None: plain text for everybody."""

    http: Options = field(default_factory=Options)
    google: GoogleOptions = field(default_factory=GoogleOptions)
    streams_per_connection: int | None = None
    account: Account | None = None


class GoogleServer:
    """One server in one event loop. GET /control/calls?match=… tells other processes what was heard and said."""

    def __init__(self, options: ServerOptions | None = None, scripts: Iterable[Script] = ()) -> None:
        self.options = options or ServerOptions()
        self.http = RealtimeServer(self.options.http, scripts)
        self.calls = Calls(self.http.script_queue, self.options.google)
        self.grpc_port = 0
        self.options.http.chat.talk = Talk(self.calls).answer
        self.http.add_routes = self._add_routes
        self._grpc: grpc.aio.Server | None = None

    @property
    def grpc_address(self) -> str:
        """HOST:PORT, of both services."""
        return f"{'127.0.0.1' if self.options.account is None else HOST}:{self.grpc_port}"

    async def start(self, host: str = "127.0.0.1", port: int = 0, grpc_port: int = 0) -> None:
        """Listen; port 0 takes a free one. Raises OSError when one is taken."""
        limit = self.options.streams_per_connection
        options = [("grpc.max_receive_message_length", _LARGEST_MESSAGE), ("grpc.so_reuseport", 0)]
        options += [("grpc.max_concurrent_streams", limit)] if limit is not None else []
        account = self.options.account
        self._grpc = grpc.aio.server(options=options, interceptors=[] if account is None else [Doorkeeper(account)])
        self._grpc.add_generic_rpc_handlers((Recognition(self.calls).handlers(), Synthesis(self.calls).handlers()))
        try:
            address = f"{host}:{grpc_port}"
            if account is None:
                self.grpc_port = self._grpc.add_insecure_port(address)
            else:
                tls = grpc.ssl_server_credentials([(account.key, account.certificate)])
                self.grpc_port = self._grpc.add_secure_port(address, tls)
        except RuntimeError as error:
            raise OSError(str(error)) from None
        await self._grpc.start()
        await self.http.start(host, port)

    async def stop(self) -> None:
        """End every stream and stop listening."""
        if self._grpc:
            await self._grpc.stop(_GRACE_S)
        await self.http.stop()

    def _add_routes(self, app: web.Application) -> None:
        async def calls(request: web.Request) -> web.Response:
            match = request.query.get("match", "")
            found = [record.summary() for record in self.calls.records if match in record.match]
            return web.Response(body=orjson.dumps(found), content_type="application/json")

        app.router.add_get("/control/calls", calls)

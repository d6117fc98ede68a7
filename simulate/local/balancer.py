"""A small TCP balancer: one listening port for the replicas of one service.

A connection goes to the replica with the fewest; the next one is tried only if the connect itself failed, as then
nothing was accepted. When a replica is dropped its connections are reset, so that clients notice at once. With no
replica left a new connection is reset immediately.
"""

import asyncio
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

Address = tuple[str, int]

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
CONNECT_SECONDS = 3.0


@dataclass(slots=True, eq=False)
class Backend:
    """A replica as the balancer sees it; `total` counts every connection that it accepted."""

    address: Address
    connections: "set[Client]" = field(default_factory=set)
    total: int = 0


class Balancer:
    """Spreads the connections of one listening socket over the replicas added. Use it on one event loop only."""

    def __init__(self) -> None:
        self.backends: dict[Address, Backend] = {}
        self.refused = 0
        self._draining: set[Backend] = set()
        self._server: asyncio.Server | None = None
        self._pending: set[asyncio.Task[None]] = set()
        self._clients: set[Client] = set()

    async def listen(self, sock: socket.socket) -> None:
        """Accept connections from `sock`, which is bound already."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Client(self), sock=sock, backlog=1024)

    def add(self, address: Address) -> None:
        """Send connections to this replica too."""
        self.backends.setdefault(address, Backend(address))

    def drain(self, address: Address) -> None:
        """Send no new connection to this replica; those that it has go on."""
        if backend := self.backends.pop(address, None):
            self._draining.add(backend)

    def drop(self, address: Address) -> None:
        """Forget this replica and reset its connections."""
        self.drain(address)
        for backend in [b for b in self._draining if b.address == address]:
            self._draining.discard(backend)
            for client in list(backend.connections):
                client.reset()

    async def close(self) -> None:
        """Stop listening and reset what is open."""
        if self._server:
            self._server.close()
        for task in self._pending:
            task.cancel()
        for client in list(self._clients):
            client.reset()
        await asyncio.gather(*self._pending, return_exceptions=True)

    def accept(self, client: "Client") -> None:
        self._clients.add(client)
        task = asyncio.get_running_loop().create_task(self._connect(client))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    def release(self, client: "Client") -> None:
        self._clients.discard(client)

    async def _connect(self, client: "Client") -> None:
        loop = asyncio.get_running_loop()
        tried: set[Backend] = set()
        while backend := _least(b for b in self.backends.values() if b not in tried):
            tried.add(backend)
            backend.connections.add(client)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await loop.create_connection(lambda: Upstream(client), *backend.address)
            except OSError:
                backend.connections.discard(client)
                continue
            backend.total += 1
            client.joined(backend)
            return
        self.refused += 1
        client.reset()


def _least(backends: Iterable[Backend]) -> Backend | None:
    return min(backends, key=lambda b: (len(b.connections), b.total), default=None)


class Side(asyncio.BufferedProtocol):
    """One of the two connections of a pair: whatever arrives goes to the peer, at the speed of the peer."""

    transport: asyncio.Transport
    peer: "Side | None" = None
    _shared = memoryview(bytearray(64 * 1024))  # one loop, and each read is passed on before the next

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.ended = False

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - the protocol's signature
        return self._shared

    def buffer_updated(self, nbytes: int) -> None:
        if self.peer:
            self.peer.transport.write(bytes(self._shared[:nbytes]))

    def eof_received(self) -> bool:
        """Pass on that no more comes; the pair stays open until both sides have ended."""
        self.ended = True
        if self.peer is None or self.peer.ended:
            return False
        self.peer.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.peer:
            self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.peer:
            self.peer.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.peer and exc:
            self.peer.abort()
        elif self.peer:
            self.peer.transport.close()

    def abort(self) -> None:
        """Close with a reset, so that the other end cannot take it for a regular end."""
        sock = self.transport.get_extra_info("socket")
        if not self.transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.transport.abort()


class Client(Side):
    def __init__(self, balancer: Balancer) -> None:
        self._balancer = balancer
        self._backend: Backend | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._balancer.accept(self)

    def joined(self, backend: Backend) -> None:
        """The replica has accepted: from now on data flows, unless the client left or the replica went meanwhile."""
        self._backend = backend
        if self.transport.is_closing() or self not in backend.connections:
            self.reset()
            return
        self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._backend:
            self._backend.connections.discard(self)
        self._balancer.release(self)

    def reset(self) -> None:
        """Reset both connections of the pair."""
        if self._backend:
            self._backend.connections.discard(self)
        self.abort()
        if self.peer:
            self.peer.abort()


class Upstream(Side):
    def __init__(self, client: Client) -> None:
        self.peer = client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.peer
        self.peer.peer = self

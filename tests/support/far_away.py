"""A TCP proxy on loopback that makes a server seem far away: everything takes a while to arrive."""

import asyncio
import threading


class FarAway:
    """Forwards connections to a port of this machine, as if a round trip took `round_trip_s`.

    The handshake of a real connection takes a round trip too; here, where the kernel shakes hands
    at once, the first bytes of each connection are held back for as long.
    """

    def __init__(self, port, round_trip_s):
        self._target, self._one_way_s = port, round_trip_s / 2
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(asyncio.start_server(self._connect, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _connect(self, reader, writer):
        handshake_ends = self._loop.time() + 2 * self._one_way_s
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._forward(reader, far_writer, handshake_ends),
                             self._forward(far_reader, writer, 0))

    async def _forward(self, reader, writer, not_before):
        """Bytes in order, each read some way later; the end of the stream as well."""
        while True:
            try:
                block = await reader.read(256 * 1024)
            except OSError:
                block = b""
            due = max(self._loop.time(), not_before) + self._one_way_s
            self._loop.call_at(due, self._deliver, writer, block)
            if not block:
                return

    @staticmethod
    def _deliver(writer, block):
        if block:
            writer.write(block)
        else:
            writer.close()

    def stop(self):
        """Ends the proxy with all its connections."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self):
        self._server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

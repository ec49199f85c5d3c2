"""An HTTP proxy on loopback that connects every host to one port of this machine, and remembers."""

import socket
import threading


class ConnectProxy:
    """Answers CONNECT with `status`; with 200 it forwards both ways."""

    def __init__(self, port, status=200):
        self.asked = []  # "HOST:PORT" of every CONNECT
        self._port, self._status = port, status
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(4096)
        self.asked.append(head.split()[1].decode())
        connection.sendall(f"HTTP/1.1 {self._status} As Told\r\n\r\n".encode())
        if self._status == 200:
            with connection, socket.create_connection(("127.0.0.1", self._port)) as target:
                back = threading.Thread(target=self._forward, args=(target, connection))
                back.start()
                self._forward(connection, target)
                back.join()
        connection.close()

    @staticmethod
    def _forward(source, target):
        try:
            while block := source.recv(64 * 1024):
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # one of them is gone

    def stop(self):
        """Accepts no more connections."""
        self._listener.close()

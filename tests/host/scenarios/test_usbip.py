"""The board through the TCP side of USB/IP, as another machine's kernel would take it."""

import socket
import struct

from bench import VHCI, Board, HostTest, wait_until

VERSION = 0x0111
REQUEST_LIST, REQUEST_IMPORT = 0x8005, 0x8003
FULL_SPEED = 2


class Usbip(HostTest):
    def ask(self, address, code, bus_id=None):
        host, port = address.split(":")
        connection = socket.create_connection((host, int(port)), timeout=10)
        self.addCleanup(connection.close)
        extra = bus_id.encode().ljust(32, b"\0") if bus_id else b""
        connection.sendall(struct.pack(">HHI", VERSION, code, 0) + extra)
        reply = connection.recv(8, socket.MSG_WAITALL)
        return connection, struct.unpack(">HHI", reply)[2]

    def plug_in(self, connection):
        connection.recv(312, socket.MSG_WAITALL)
        (VHCI / "attach").write_text(f"0 {connection.fileno()} 65537 {FULL_SPEED}", encoding="ascii")
        connection.close()

    def test_usbip_over_tcp(self):
        document = self.start_service("--listen", "127.0.0.1:0", "p2@5.3.1")
        address = document["listen"]
        listing, status = self.ask(address, REQUEST_LIST)
        self.assertEqual((status, listing.recv(4, socket.MSG_WAITALL)), (0, b"\0\0\0\1"))
        board = Board(document["boards"][0]["device_id"], "p2")
        connection, status = self.ask(address, REQUEST_IMPORT, "1-1")
        self.assertEqual(status, 0)
        self.plug_in(connection)
        board.wait()
        self.assertNotEqual(self.ask(address, REQUEST_IMPORT, "1-1")[1], 0)
        board.touch()
        wait_until(lambda: not board.folder, "the board to leave")
        wait_until(lambda: "hs  0000 004" in (VHCI / "status").read_text(), "the port to be free")
        connection, status = self.ask(address, REQUEST_IMPORT, "1-1")
        self.assertEqual(status, 0)
        self.plug_in(connection)
        board.wait(in_dfu=True)
        self.osbundle("info", board.device_id)

#!/usr/bin/env python3
"""What `sim serve` says on the wire, without any kernel: to clients that are right, and that are not."""

import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

VERSION = 0x0111
LIST, IMPORT = 0x8005, 0x8003
SUBMIT, UNLINK, REPLY_SUBMIT, REPLY_UNLINK = 1, 2, 3, 4
OUT, IN = 0, 1
STALLED, UNLINKED = -32, -104
ENTRY_SIZE = 312
P2_INTERFACES = 3
FULL_SPEED = 2


class Client:
    """A connection that has imported a board, as the kernel's vhci_hcd has it."""

    def __init__(self, connection):
        self.connection = connection
        self.sequence = 0
        self.incoming = set()  # transfers whose reply carries data

    def submit(self, endpoint, direction, length, setup=bytes(8), data=b""):
        self.sequence += 1
        if direction == IN:
            self.incoming.add(self.sequence)
        head = struct.pack(">5I", SUBMIT, self.sequence, 0x10001, direction, endpoint)
        self.connection.sendall(head + struct.pack(">IIIII", 0, length, 0, 0, 0) + setup + data)
        return self.sequence

    def unlink(self, victim):
        self.sequence += 1
        head = struct.pack(">5I", UNLINK, self.sequence, 0x10001, 0, 0)
        self.connection.sendall(head + struct.pack(">I24x", victim))
        return self.sequence

    def reply(self):
        """(code, sequence, status, data) of the next reply; None when the board is gone."""
        try:
            head = self.connection.recv(48, socket.MSG_WAITALL)
        except ConnectionResetError:
            return None
        if len(head) < 48:
            return None
        code, sequence, _, _, _, status, actual = struct.unpack(">IIIIIiI", head[:28])
        carries = code == REPLY_SUBMIT and actual and sequence in self.incoming
        data = self.connection.recv(actual, socket.MSG_WAITALL) if carries else b""
        return code, sequence, status, data

    def control(self, setup, data=b""):
        """One transfer of endpoint 0: (status, data)."""
        packet = bytes.fromhex(setup)
        length = struct.unpack("<H", packet[6:])[0]
        incoming = bool(packet[0] & 0x80)
        sequence = self.submit(0, IN if incoming else OUT, length, packet, data)
        code, answered, status, answer = self.reply()
        assert (code, answered) == (REPLY_SUBMIT, sequence)
        return status, answer


class Serve(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="osbundle-serve-")
        self.addCleanup(self.folder.cleanup)
        self.service = None

    def program(self, *words):
        return subprocess.Popen([os.environ["OSBUNDLE"], "sim", "serve", *words],
                                env={**os.environ, "OSBUNDLE_CACHE": self.folder.name},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def serve(self, *words):
        self.service = self.program("--json", "--listen", "127.0.0.1:0", *words)
        self.addCleanup(self.stop)
        document = json.loads(self.service.stdout.readline())
        host, port = document["listen"].split(":")
        self.address = (host, int(port))
        return document

    def stop(self):
        self.service.send_signal(signal.SIGINT)
        said = self.service.communicate(timeout=30)[1]
        self.assertEqual((self.service.returncode, said), (0, ""))

    def connect(self):
        connection = socket.create_connection(self.address, timeout=20)
        self.addCleanup(connection.close)
        return connection

    def ask(self, code, extra=b""):
        """A connection that was answered, and the status of the answer."""
        connection = self.connect()
        connection.sendall(struct.pack(">HHI", VERSION, code, 0) + extra)
        answer = connection.recv(8, socket.MSG_WAITALL)
        self.assertEqual(struct.unpack(">HH", answer[:4]), (VERSION, code & 0x7FFF))
        return connection, struct.unpack(">I", answer[4:])[0]

    def take(self, bus_id="1-1"):
        connection, status = self.ask(IMPORT, bus_id.encode().ljust(32, b"\0"))
        self.assertEqual(status, 0)
        entry = connection.recv(ENTRY_SIZE, socket.MSG_WAITALL)
        self.assertEqual(len(entry), ENTRY_SIZE)
        return Client(connection)

    def take_again(self):
        """The board behind a restart."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            connection, status = self.ask(IMPORT, b"1-1".ljust(32, b"\0"))
            if status == 0:
                connection.recv(ENTRY_SIZE, socket.MSG_WAITALL)
                return Client(connection)
            time.sleep(0.02)
        raise AssertionError("the board did not come back")

    def product(self, client):
        status, descriptor = client.control("80 06 00 01 00 00 12 00")
        self.assertEqual((status, len(descriptor)), (0, 18))
        return struct.unpack("<H", descriptor[10:12])[0]

    def test_boards_are_listed_with_their_interfaces(self):
        self.serve("p2@5.3.1", "boron@4.0.2")
        connection, status = self.ask(LIST)
        self.assertEqual((status, connection.recv(4, socket.MSG_WAITALL)), (0, b"\0\0\0\2"))
        for bus_id, product in (("1-1", 0xC020), ("1-2", 0xC00D)):
            entry = connection.recv(ENTRY_SIZE, socket.MSG_WAITALL)
            self.assertEqual(entry[256:288].rstrip(b"\0").decode(), bus_id)
            bus, number, speed, vendor, shown = struct.unpack(">IIIHH", entry[288:304])
            self.assertEqual((bus, speed, vendor, shown), (1, FULL_SPEED, 0x2B04, product))
            self.assertGreater(number, 0)
            self.assertEqual(entry[-1], P2_INTERFACES)
            connection.recv(4 * entry[-1], socket.MSG_WAITALL)
        self.assertEqual(connection.recv(1), b"")

    def test_a_board_is_imported_once(self):
        self.serve("p2@5.3.1")
        client = self.take()
        self.assertEqual(self.product(client), 0xC020)
        self.assertNotEqual(self.ask(IMPORT, b"1-1".ljust(32, b"\0"))[1], 0)
        self.assertNotEqual(self.ask(IMPORT, b"1-2".ljust(32, b"\0"))[1], 0)
        client.connection.close()
        self.assertEqual(self.product(self.take_again()), 0xC020)

    def test_unknown_requests_stall_and_the_maker_is_no_secret(self):
        self.serve("p2@5.3.1")
        client = self.take()
        self.assertEqual(client.control("80 06 00 06 00 00 0a 00"), (STALLED, b""))
        status, text = client.control("80 06 01 03 09 04 ff 00")
        self.assertEqual((status, text[2:].decode("utf-16-le")), (0, "Particle (osbundle simulator)"))

    def test_the_console_keeps_its_transfers_until_they_are_taken_back(self):
        self.serve("p2@5.3.1")
        client = self.take()
        waiting = client.submit(3, IN, 64)
        self.assertEqual(self.product(client), 0xC020)
        taken = client.unlink(waiting)
        self.assertEqual(client.reply()[:3], (REPLY_UNLINK, taken, UNLINKED))
        late = client.unlink(waiting)
        self.assertEqual(client.reply()[:3], (REPLY_UNLINK, late, 0))

    def test_a_restart_ends_the_connection(self):
        self.serve("p2@5.3.1")
        client = self.take()
        self.assertEqual(self.product(self.into_dfu(client)), 0xD020)

    def write_page(self, client):
        """Erases and writes one page of the application's place, and gives the seconds it took."""
        began = time.monotonic()
        address = struct.pack("<I", 0x08400000)
        for data, block in ((b"\x41" + address, 0), (b"\x21" + address, 0), (b"\x5a" * 4096, 2)):
            setup = struct.pack("<BBHHH", 0x21, 1, block, 0, len(data)).hex()
            self.assertEqual(client.control(setup, data)[0], 0)
            self.assertEqual(client.control("a1 03 00 00 00 00 06 00")[1][4], 4)
            self.assertEqual(client.control("a1 03 00 00 00 00 06 00")[1][4], 5)
        return time.monotonic() - began

    def into_dfu(self, client):
        """Sets 14400 baud; the board leaves and comes back."""
        rate = bytes.fromhex("40380000000008")
        self.assertEqual(client.control("21 20 00 00 01 00 07 00", rate)[0], 0)
        self.assertIsNone(client.reply())
        return self.take_again()

    def test_a_block_of_the_largest_size_is_kept(self):
        self.serve("p2@5.3.1")
        client = self.into_dfu(self.take())
        self.write_page(client)
        self.assertEqual(client.control("21 06 00 00 00 00 00 00")[0], 0)
        self.assertEqual(client.control("a1 02 02 00 00 00 00 10"), (0, b"\x5a" * 4096))

    def test_flash_takes_its_time_in_real_time(self):
        self.serve("p2@5.3.1", "--real-time")
        self.assertGreater(self.write_page(self.into_dfu(self.take())), 0.03)

    def test_nonsense_ends_only_its_own_connection(self):
        self.serve("p2@5.3.1")
        client = self.take()
        for nonsense in (b"GET / HTTP/1.0\r\n\r\n", b"\0" * 8, struct.pack(">HHI", VERSION, 0x8009, 0)):
            connection = self.connect()
            connection.sendall(nonsense)
            try:
                self.assertEqual(connection.recv(1), b"")
            except ConnectionResetError:
                pass  # closed with some of it unread
        self.assertEqual(self.product(client), 0xC020)

    def test_commands_that_are_none_end_the_connection(self):
        self.serve("p2@5.3.1")
        huge = struct.pack(">5I", SUBMIT, 1, 0x10001, OUT, 0) + struct.pack(">5I", 0, 0x7FFFFFFF, 0, 0, 0)
        for nonsense in (b"\xff" * 48, huge + bytes(8), struct.pack(">5I28x", 7, 1, 0, 0, 0)):
            client = self.take_again()
            client.connection.sendall(nonsense)
            self.assertIsNone(client.reply())

    def test_a_setup_packet_that_contradicts_its_transfer_stalls(self):
        self.serve("p2@5.3.1")
        client = self.take()
        get_descriptor = bytes.fromhex("8006000100001200")
        set_line = bytes.fromhex("2120000001000700")
        for direction, length, setup, data in ((OUT, 8000, get_descriptor, bytes(8000)),
                                               (OUT, 3, set_line, bytes(3)),
                                               (IN, 65536, bytes.fromhex("800600010000ffff"), b"")):
            sequence = client.submit(0, direction, length, setup, data)
            self.assertEqual(client.reply(), (REPLY_SUBMIT, sequence, STALLED, b""))
        self.assertEqual(self.product(client), 0xC020)

    def test_words_that_do_not_go_together_are_refused(self):
        for words, part in ((("p2@5.3.1", "--listen", "nowhere"), "no address"),
                            (("p2@5.3.1", "--attach", "--listen", "127.0.0.1:0"), "exclude"),
                            (("no-such-board@1.0.0",), "no such platform")):
            service = self.program(*words)
            said = service.communicate(timeout=30)[1]
            self.assertIn(service.returncode, (2, 3), said)
            self.assertIn(part, said)

    def test_options_of_one_verb_are_refused_by_another(self):
        for words in (("list", "--attach"), ("list", "--id", "0" * 24), ("serve", "p2@5.3.1", "--credentials")):
            done = subprocess.run([os.environ["OSBUNDLE"], "sim", *words], capture_output=True, text=True,
                                  env={**os.environ, "OSBUNDLE_CACHE": self.folder.name}, timeout=30)
            self.assertEqual(done.returncode, 2, done.stderr)

    def test_a_taken_port_is_named(self):
        self.serve("p2@5.3.1")
        again = self.program("p2@5.3.1", "--listen", "%s:%d" % self.address)
        said = again.communicate(timeout=30)[1]
        self.assertEqual(again.returncode, 7, said)
        self.assertIn("somebody else listens there", said)


if __name__ == "__main__":
    unittest.main()

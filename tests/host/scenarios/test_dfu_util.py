"""Stock dfu-util with simulated boards of each MCU family."""

import os

from bench import HostTest

# Platform -> a place for an application, as alternate setting and address; the name of the
# alternate setting; product ids in DFU and in normal mode.
PLACES = {
    "p2": (0, 0x08400000, "@Internal Flash   /0x08000000/2048*004Kg", "d020", "c020"),
    "boron": (0, 0x000D4000, "@External Flash   /0x80000000/1024*004Kg", "d00d", "c00d"),
    "photon": (0, 0x080A0000, "@DCT Flash   /0x00000000/01*016Kg", "d006", "c006"),
}
SPECS = {"p2": "p2@5.3.1", "boron": "boron@2.2.0", "photon": "photon@2.3.1"}
SIZE = 50000


class DfuUtil(HostTest):
    def dfu(self, board, *words):
        place = PLACES[board.platform]
        return self.run_command(["dfu-util", "-d", f"2b04:{place[3]}", "-S", board.device_id,
                                 "-a", place[0], *words])

    def test_dfu_util_lists_boards_of_every_family(self):
        boards = self.serve(*SPECS.values())
        for board in boards:
            board.into_dfu()
        told = self.run_command(["dfu-util", "-l"]).stdout
        for board in boards:
            _, _, name, product, _ = PLACES[board.platform]
            lines = [line for line in told.splitlines() if f'serial="{board.device_id}"' in line]
            self.assertTrue(any(f'name="{name}"' in line for line in lines), told)
            self.assertTrue(all(f"[2b04:{product}]" in line for line in lines), told)

    def write_and_read_back(self, platform):
        board = self.serve(SPECS[platform])[0]
        address = PLACES[platform][1]
        content = os.urandom(SIZE)
        (self.folder / "down").write_bytes(content)
        board.into_dfu()
        self.dfu(board, "-s", f"{address:#x}", "-D", "down")
        self.dfu(board, "-s", f"{address:#x}:{SIZE}", "-U", "up")
        self.assertEqual((self.folder / "up").read_bytes(), content)
        os.remove(self.folder / "up")
        self.dfu(board, "-s", f"{address:#x}:{SIZE}:leave", "-U", "up")
        board.wait(in_dfu=False)
        self.assertEqual(board.product(), PLACES[platform][4])

    def test_dfu_util_writes_reads_and_leaves_p2(self):
        self.write_and_read_back("p2")

    def test_dfu_util_writes_reads_and_leaves_boron(self):
        self.write_and_read_back("boron")

    def test_dfu_util_writes_reads_and_leaves_photon(self):
        self.write_and_read_back("photon")

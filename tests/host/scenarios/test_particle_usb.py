"""npm's particle-usb, which Particle's own tools are built on, with simulated boards."""

from bench import HostTest

NORMAL = {"p2": ("5.3.1", 0xC020), "boron": ("2.2.0", 0xC00D), "photon": ("2.3.1", 0xC006)}
SYSTEM_PART_ADDRESS = 0x30000


def versions(modules):
    """{(type, index): version} of the modules that are in their own place."""
    return {(module["type"], module["index"]): module["version"] for module in modules
            if module.get("store", "MAIN") == "MAIN"}  # the old form of module info names no store


class ParticleUsb(HostTest):
    def test_particle_usb_lists_and_reads_boards(self):
        boards = self.serve(*(f"{name}@{version}" for name, (version, _) in NORMAL.items()))
        found = {device["type"]: device for device in self.particle_usb("inspect.js")}
        self.assertEqual(set(found), set(NORMAL))
        for board in boards:
            device = found[board.platform]
            version, product = NORMAL[board.platform]
            self.assertEqual((device["id"], device["deviceId"]), (board.device_id,) * 2)
            self.assertEqual((device["vendorId"], device["productId"]), (0x2B04, product))
            self.assertEqual((device["firmwareVersion"], device["mode"]), (version, "NORMAL"))
            self.assertFalse(device["isInDfuMode"])
            self.assertIn(("BOOTLOADER", 0), versions(device["modules"]))
            self.assertIn(("SYSTEM_PART", 1), versions(device["modules"]))

    def test_particle_usb_updates_a_boron(self):
        board, = self.serve(self.new_board("boron"))
        told = self.particle_usb("update.js", board.device_id, self.module("boron-bootloader@4.0.2.bin"),
                                 self.module("boron-system-part1@4.0.2.bin"), SYSTEM_PART_ADDRESS)
        self.assertEqual(told["firmwareVersion"], "4.0.2")
        installed = versions(told["modules"])
        self.assertEqual(installed[("BOOTLOADER", 0)], 1101)
        self.assertEqual(installed[("SYSTEM_PART", 1)], 4006)

// Updates a board: a bootloader by control requests, then a system part over DFU.
// Arguments: device id, bootloader file, system part file, its address.
// Prints how long each took, and the modules afterwards.
'use strict';

const { readFileSync } = require('fs');
const usb = require('particle-usb');

const [id, bootloader, systemPart, address] = process.argv.slice(2);
const patience = Number(process.env.PATIENCE_MS);

// Boards leave and come back; a device that is open in the wrong mode is one that has not left yet.
async function reopen(inDfu) {
    const deadline = Date.now() + patience;
    for (;;) {
        try {
            const device = await usb.openDeviceById(id);
            if (device.isInDfuMode === inDfu) {
                return device;
            }
            await device.close();
        } catch (error) {
            if (Date.now() > deadline) {
                throw error;
            }
        }
        if (Date.now() > deadline) {
            throw new Error(`the board is not in the ${inDfu ? 'DFU' : 'normal'} mode`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

function bootloaderVersion(modules) {
    return modules.find((module) => module.type === 'BOOTLOADER').version;
}

// Until the update has been put in place, the old one is still there.
async function updateBootloader(content) {
    let device = await reopen(false);
    const before = bootloaderVersion(await device.getFirmwareModuleInfo());
    await device.updateFirmware(content, { timeout: patience });
    await device.close();
    const deadline = Date.now() + patience;
    for (;;) {
        device = await reopen(false);
        try {
            if (bootloaderVersion(await device.getFirmwareModuleInfo()) !== before) {
                return device;
            }
        } catch (error) {
            if (Date.now() > deadline) {
                throw error;
            }
        }
        await device.close();
    }
}

async function main() {
    const started = Date.now();
    let device = await updateBootloader(readFileSync(bootloader));
    const between = Date.now();
    await device.enterDfuMode();
    await device.close();
    device = await reopen(true);
    await device.writeOverDfu(readFileSync(systemPart), {
        altSetting: 0, startAddr: Number(address), noErase: false, leave: true,
    });
    await device.close();
    device = await reopen(false);
    const modules = await device.getFirmwareModuleInfo();
    console.log(JSON.stringify({
        controlMs: between - started, dfuMs: Date.now() - between,
        firmwareVersion: device.firmwareVersion, modules,
    }));
    await device.close();
}

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});

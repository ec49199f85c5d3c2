// Lists all boards, opens each, and prints what it says of itself as JSON.
'use strict';

const usb = require('particle-usb');

async function look(device) {
    const found = { vendorId: device.vendorId, productId: device.productId, type: device.type };
    await device.open();
    try {
        found.id = device.id;
        found.firmwareVersion = device.firmwareVersion;
        found.isInDfuMode = device.isInDfuMode;
        if (!device.isInDfuMode) {
            found.deviceId = await device.getDeviceId();
            found.mode = await device.getDeviceMode();
            found.modules = await device.getFirmwareModuleInfo();
        }
    } finally {
        await device.close();
    }
    return found;
}

async function main() {
    const found = [];
    for (const device of await usb.getDevices()) {
        found.push(await look(device));
    }
    console.log(JSON.stringify(found));
}

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});

// Makes modules in forms that no published file has, with binary-version-reader's own functions.
// Arguments: the folder to write to, and genuine modules: a system part, a bootloader, and
// applications for an nRF52840 and an RTL872x board. Bundles go into the folder's bundles/.
'use strict';

const { readFileSync, writeFileSync } = require('fs');
const path = require('path');
const reader = require('binary-version-reader');

const [folder, systemPart, bootloader, nrfApp, rtlApp] = process.argv.slice(2);
const text = Buffer.from('The quick brown fox jumps over the lazy dog\n'.repeat(100));
const assets = [
    { name: 'fox.txt', data: text },
    { name: 'gr\u00fc\u00dfe.txt', data: Buffer.from('gr\u00fc\u00dfe') },
];
const certificate = Buffer.from([...Array(300).keys()]);

async function main() {
    const [system, boot, nrf, rtl] = [systemPart, bootloader, nrfApp, rtlApp]
        .map((name) => readFileSync(name));
    const made = {
        'compressed.bin': await reader.compressModule(system),
        'combined.bin': await reader.combineModules([boot, system]),
        'padded.bin': Buffer.concat([boot, Buffer.alloc(1000, 0xff)]),
        'asset.bin': await reader.createAssetModule(text, 'fox.txt'),
        'asset-plain.bin': await reader.createAssetModule(text, 'fox.txt', { compress: false }),
        'asset-environment.bin': await reader.createEnvVarsAssetModule({ COLOUR: 'blue' }),
        'app-nrf-assets.bin': await reader.updateModuleAssetDependencies(nrf, assets),
        'app-rtl-assets.bin': await reader.updateModuleAssetDependencies(rtl, assets),
        'protected.bin': await reader.createProtectedModule(boot),
        'protected-certificate.bin': await reader.createProtectedModule(boot, certificate),
    };
    const vars = { COLOUR: 'blue' };
    made['bundles/nrf.zip'] = await reader.createApplicationAndAssetBundle(nrf, assets, vars);
    made['bundles/rtl.zip'] = await reader.createApplicationAndAssetBundle(rtl, assets);
    for (const [name, data] of Object.entries(made)) {
        writeFileSync(path.join(folder, name), data);
    }
}

main();

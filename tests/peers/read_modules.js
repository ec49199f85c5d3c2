// Reads module files as binary-version-reader does: paths on stdin, one a line; for each, one
// line of JSON on stdout, with what the reader found or why it could not.
'use strict';

const { readFileSync } = require('fs');
const { HalModuleParser } = require('binary-version-reader');

async function read(parser, path) {
    try {
        const { fileBuffer, crc, prefixInfo, suffixInfo } = await parser.parseFile(path);
        return { path, size: fileBuffer.length, crc, prefix: prefixInfo, suffix: suffixInfo };
    } catch (error) {
        return { path, error: error.message };
    }
}

async function main() {
    const parser = new HalModuleParser();
    const paths = readFileSync(0, 'utf8').split('\n').filter((line) => line);
    for (const path of paths) {
        console.log(JSON.stringify(await read(parser, path)));
    }
}

main();

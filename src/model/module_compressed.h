#pragma once
/**
 * Compressed modules: prefix at offset 0, a small header, raw Deflate data, the original's suffix.
 * What is deflated is the whole original file; with MODULE_DROP_INFO its body alone (Device OS
 * dynalib/inc/module_info.h compressed_module_header; binary-version-reader moduleEncoding.js).
 */
#include "model/module.h"

/** What stands before the deflated data. */
typedef struct module_compression {
    uint16_t header_size;   /**< data begins that many bytes behind the prefix */
    uint8_t method;         /**< 0: raw Deflate */
    uint8_t window_bits;    /**< base-2 logarithm; 0 stands for 15 */
    uint32_t original_size; /**< bytes when unpacked */
    span data;
} module_compression;

/**
 * Reads the header of a compressed module; nothing is unpacked.
 * @return OSB_ERR_USAGE when the module is not compressed; OSB_ERR_INTEGRITY when the header cannot
 *         be: too short, an unknown method, a window or size that no board has
 */
osb_status module_read_compression(const module *packed, const char *name, module_compression *read,
                                   osb_error *error) OSB_MUST_CHECK;

/**
 * Unpacks a compressed module: appends the original module file to `original` and parses it. With
 * MODULE_DROP_INFO prefix and suffix are put back.
 * @param inner points into `original` as it is then
 * @return OSB_ERR_INTEGRITY when the data is broken, has another size than stated, or is no module,
 *         or is another module than the outside says
 */
osb_status module_expand(const module *packed, const char *name, buf *original, module *inner,
                         osb_error *error) OSB_MUST_CHECK;

/**
 * Appends the compressed form of a module.
 * @param window_bits 9 to 15; RTL872x and nRF52840 bootloaders take any
 * @return OSB_ERR_REFUSED for what boards do not accept compressed: other functions than system,
 *         user and asset, combined, encrypted or compressed modules
 */
osb_status module_compress(const module *plain, const char *name, unsigned window_bits, buf *file,
                           osb_error *error) OSB_MUST_CHECK;

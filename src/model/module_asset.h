#pragma once
/**
 * Asset modules: a file that an application wants beside it, wrapped so that boards take it by an
 * update in normal mode. Function 9, no platform, no address; HASH and NAME in the suffix
 * (Device OS system/src/asset_manager.cpp; binary-version-reader lib/moduleEncoding.js).
 */
#include "model/module.h"

enum {
    ASSET_NAME_SIZE = 201 /**< with NUL; boards keep assets as files of that name */
};

enum asset_type {
    ASSET_TYPE_PLAIN = 0,
    ASSET_TYPE_ENVIRONMENT = 1,         /**< the application's environment variables */
    ASSET_TYPE_ENVIRONMENT_SNAPSHOT = 2 /**< those that the cloud set */
};

typedef struct asset {
    char name[ASSET_NAME_SIZE];  /**< one plain file name */
    uint8_t type;                /**< enum asset_type, or a number that only newer boards know */
    uint8_t sha256[SHA256_SIZE]; /**< of `content` */
    span content;
} asset;

/** Whether a name can be an asset's: one plain file name of less than ASSET_NAME_SIZE bytes. */
bool asset_name_fits(span name);

/**
 * Unwraps an asset module, unpacking it where it is compressed, and holds its content against its
 * hash.
 * @param storage takes the unpacked bytes; `read->content` points into it or into the module's file
 * @return OSB_ERR_USAGE when the module is no asset; OSB_ERR_INTEGRITY when it carries no usable
 *         name or hash, or another content than its hash says
 */
osb_status asset_read(const module *parsed, const char *file_name, buf *storage, asset *read,
                      osb_error *error) OSB_MUST_CHECK;

/**
 * Appends the asset module that wraps `made->content`; its sha256 is computed, not read.
 * @param compressed what boards want: uncompressed, Device OS 6.2 hands the module's header to the
 *        application with the content (environment variables go uncompressed nevertheless)
 */
osb_status asset_write(const asset *made, bool compressed, buf *file,
                       osb_error *error) OSB_MUST_CHECK;

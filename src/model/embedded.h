#pragma once
/** The manifests as they were when the program was built (made by embed_manifests.cmake). */
#include <stddef.h>

typedef struct embedded_file {
    const char *path;          /**< below manifests/: "platforms/p2.json" */
    const unsigned char *data; /**< with a NUL behind the last byte */
    size_t size;               /**< without that NUL */
} embedded_file;

/** Sorted by path; ends with an entry whose path is NULL. */
extern const embedded_file embedded_files[];
extern const size_t embedded_file_count;

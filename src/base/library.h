#pragma once
/**
 * Shared libraries that are opened when something first needs them, not when the program starts.
 *
 * For libraries that bring dozens of others along and that most commands never use. Each has one
 * file that names its functions and one table that they are called through (net/curl_library.h).
 */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** Where in the table a function's address goes. */
typedef struct library_function {
    const char *name;
    size_t offset;
} library_function;

typedef struct library {
    const char *soname;  /**< "libcurl.so.4" */
    const char *package; /**< the Debian package that has it */
    const char *purpose; /**< what needs it, for the error: "downloads" */
    const library_function *functions;
    size_t function_count;
} library;

/**
 * Opens a library, unless it is open already, and fills a table of pointers to its functions. It
 * stays open until the process ends, so tables may be copied, dropped and filled anew. Any thread.
 * @return OSB_ERR_INTERNAL naming the package to install when it, or a function in it, is missing
 */
osb_status library_open(const library *wanted, void *table, osb_error *error) OSB_MUST_CHECK;

/** A member of such a table, and its entry in the list of functions. */
#define LIBRARY_MEMBER(name)       __typeof__(name) *name;
#define LIBRARY_ENTRY(table, name) {#name, offsetof(table, name)},

/**
 * Tells packaging tools what the program opens by itself, as an ELF note that they look for
 * (uapi-group.org, "ELF Metadata for dlopen() Dependencies"). At file scope.
 * @param feature,description,soname string literals without quotes in them
 */
#define LIBRARY_NOTE(feature, description, soname)                                                 \
    LIBRARY_NOTE_TEXT("[{\"feature\":\"" feature "\",\"description\":\"" description               \
                      "\",\"priority\":\"recommended\",\"soname\":[\"" soname "\"]}]")
#define LIBRARY_NOTE_TEXT(text)                                                                    \
    __attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {               \
        uint32_t owner_size, text_size, type;                                                      \
        char owner[4], content[sizeof(text)];                                                      \
    } library_note = {4, sizeof(text), 0x407c0c0a, "FDO", text}

/*
 * Which library libarchive is.
 *
 * Does nothing with it. Invariant: no other file names the library or its functions' addresses, and
 * the program is not linked with it.
 */
#include "net/archive_library.h"

#define SONAME "libarchive.so.13"

LIBRARY_NOTE("archives", "Application bundles and other archives", SONAME);

osb_status archive_library_open(archive_library *archive, osb_error *error)
{
#define ARCHIVE_ENTRY(name) LIBRARY_ENTRY(archive_library, name)
    static const library_function functions[] = {ARCHIVE_FUNCTIONS(ARCHIVE_ENTRY)};
    static const library wanted = {.soname = SONAME,
                                   .package = "libarchive13",
                                   .purpose = "archives",
                                   .functions = functions,
                                   .function_count = sizeof functions / sizeof *functions};
    return library_open(&wanted, archive, error);
}

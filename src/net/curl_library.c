/*
 * Which library libcurl is.
 *
 * Does nothing with it. Invariant: no other file names the library or its functions' addresses, and
 * the program is not linked with it.
 */
#include "net/curl_library.h"

#define SONAME "libcurl.so.4"

LIBRARY_NOTE("network", "Downloads from release sites", SONAME);

osb_status curl_library_open(curl_library *curl, osb_error *error)
{
#define CURL_ENTRY(name) LIBRARY_ENTRY(curl_library, name)
    static const library_function functions[] = {CURL_FUNCTIONS(CURL_ENTRY)};
    static const library wanted = {.soname = SONAME,
                                   .package = "libcurl4",
                                   .purpose = "the network",
                                   .functions = functions,
                                   .function_count = sizeof functions / sizeof *functions};
    return library_open(&wanted, curl, error);
}

/*
 * Which library libsodium is.
 *
 * Signs and hashes nothing. Invariant: no other file names the library or its functions' addresses,
 * and the program is not linked with it.
 */
#include "trust/sodium_library.h"

#define SONAME "libsodium.so.23"

LIBRARY_NOTE("signatures", "Signing locks, bundles and mirrors, and checking their signatures",
             SONAME);

osb_status sodium_library_open(sodium_library *sodium, osb_error *error)
{
#define SODIUM_ENTRY(name) LIBRARY_ENTRY(sodium_library, name)
    static const library_function functions[] = {SODIUM_FUNCTIONS(SODIUM_ENTRY)};
    static const library wanted = {.soname = SONAME,
                                   .package = "libsodium23",
                                   .purpose = "signatures",
                                   .functions = functions,
                                   .function_count = sizeof functions / sizeof *functions};
    TRY(library_open(&wanted, sodium, error));
    if (sodium->sodium_init() < 0)
        return osb_fail(error, OSB_ERR_INTERNAL, SONAME, "look at what the system is short of",
                        "cannot be made ready for use");
    return OSB_OK;
}

#pragma once
/**
 * What the name of a release file promises: PLATFORM-PART@VERSION[+BUILD].bin, as release sites
 * have named modules since OS 1.1.0. A promise only: what a module is, its header says.
 */
#include <stdbool.h>

#include "model/platform.h"
#include "model/version.h"

typedef struct release_name {
    char platform[32];
    char part[40];
    char version[VERSION_SIZE]; /**< "5.3.1", without build data */
    char build[24];             /**< "lto", "debug"; empty for none */
} release_name;

/** False for a name of any other shape. */
bool release_name_parse(const char *file_name, release_name *name);

/** Whether it is a build that boards are given: plain or "+lto", no debug or JTAG build. */
bool release_name_is_for_boards(const release_name *name);

/** The slot of `board` that is named `part`, or NULL. */
const platform_slot *release_name_slot(const platform *board, const char *part);

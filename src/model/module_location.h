#pragma once
/**
 * Where an image runs, said twice: by the prefix and, on RTL872x, by DYNAMIC_LOCATION in the
 * suffix. RTL872x applications end at a fixed address and grow to the left, so both move together
 * (Device OS modules/shared/rtl872x/linker_user_part_common.ld).
 */
#include "model/module.h"

typedef enum location_finding {
    LOCATION_ABSENT, /**< the module carries no DYNAMIC_LOCATION: nothing to compare */
    LOCATION_AGREES, /**< it agrees with the prefix */
    LOCATION_BROKEN, /**< too short to be read */
    LOCATION_START,  /**< it names another start than the prefix */
    LOCATION_DYNALIB /**< its dynamic library lies outside the image */
} location_finding;

location_finding module_check_location(const module *parsed);
/** "absent", "agrees", "broken", "start_differs", "dynalib_outside". */
const char *location_finding_name(location_finding finding);

/** Whether extensions of this module go into its prefix and move its start: RTL872x applications.
 */
bool module_grows_left(const module *parsed);

/**
 * Appends the module with other prefix extensions: its end stays, its start moves to an address
 * that 8 divides, and DYNAMIC_LOCATION follows.
 * @param list the new extensions without END, which is added; empty for none
 * @param moved a type of extension that belongs into the list, and so leaves the suffix
 * @return OSB_ERR_REFUSED when its prefix is not at its beginning, or there is no room to the left
 */
osb_status module_write_grown(const module *parsed, buf *list, uint16_t moved, buf *file,
                              osb_error *error) OSB_MUST_CHECK;

#pragma once
/** Gathering what travels, for bundles and mirrors alike. Private to osbundle*.c. */
#include "osbundle_context.h"
#include "store/release_index.h"

/**
 * Fetches the releases that are asked for and lists them: for each platform that is named, else for
 * all that the catalog knows them for.
 */
osb_status cargo_add_releases(osb_context *context, const osb_cargo *cargo, release_index *index,
                              osb_error *error) OSB_MUST_CHECK;

/** Objects of version, platform, bytes and files, as an index lists them. */
json_t *cargo_releases_to_json(const release_index *index);

#pragma once
/**
 * What every kind of source is made of. A new kind (cloud API, mirror, archive) is one more file
 * with such a table and one more row in source.c.
 */
#include "net/source.h"

typedef struct source_operations {
    osb_status (*find)(source *self, const char *os_version, arena *memory, source_listing *listing,
                       osb_error *error);
    osb_status (*list)(source *self, arena *memory, const source_listing **listings, size_t *count,
                       osb_error *error);
    osb_status (*download)(source *self, download *downloads, size_t count,
                           const fetch_progress *progress, osb_error *error);
    /** Where a file of a release lies, without asking; NULL: only asking tells. */
    bool (*locate)(const source *self, const char *os_version, const char *name,
                   char location[SOURCE_LOCATION]);
    void (*close)(source *self);
    bool is_here; /**< on this machine */
} source_operations;

/** The first member of every kind's own struct. */
struct source {
    const source_operations *operations;
    net_options options;
    const platform *board; /**< what the question at hand is about; NULL: every platform */
    char url[1024];        /**< as the user wrote it */
};

/** Openers: `rest` is the URL without the scheme's own part, as each of them says. */
osb_status github_open(const char *rest, const net_options *options, source **opened,
                       osb_error *error) OSB_MUST_CHECK; /**< "https://HOST/repos/OWNER/NAME" */
osb_status particle_open(const char *rest, const net_options *options, source **opened,
                         osb_error *error) OSB_MUST_CHECK; /**< "https://HOST/v1" */
osb_status folder_open(const char *rest, const net_options *options, source **opened,
                       osb_error *error) OSB_MUST_CHECK; /**< a path */
osb_status archive_source_open(const char *rest, const net_options *options, source **opened,
                               osb_error *error) OSB_MUST_CHECK; /**< a path */
osb_status mirror_open(const char *rest, const net_options *options, source **opened,
                       osb_error *error) OSB_MUST_CHECK; /**< "https://HOST/PATH" */
osb_status mirror_folder_open(const char *rest, const net_options *options, source **opened,
                              osb_error *error) OSB_MUST_CHECK; /**< a path */
osb_status kit_source_open(const char *rest, const net_options *options, source **opened,
                           osb_error *error) OSB_MUST_CHECK; /**< a path */

/** Whether a folder of this machine is a mirror. */
bool mirror_is_folder(const char *path);

/** A download of what is on this machine, one file after the other by `copy`. */
osb_status source_copy_each(source *self, download *downloads, size_t count,
                            osb_status (*copy)(source *self, download *wanted, osb_error *error),
                            const fetch_progress *progress, osb_error *error) OSB_MUST_CHECK;
/** The same for files whose locations are paths. */
osb_status source_copy_files(source *self, download *downloads, size_t count,
                             const fetch_progress *progress, osb_error *error) OSB_MUST_CHECK;

/** A buffer to gather the files of one listing in, as source_file after source_file. */
buf source_files_make(void);
/** Moves the gathered files into `memory` and `listing`. */
osb_status source_files_take(buf *files, arena *memory, source_listing *listing,
                             osb_error *error) OSB_MUST_CHECK;

/** A buffer to gather releases in, as source_listing after source_listing without files. */
buf source_listings_make(void);
/** Moves them into `memory`, each version once, newest first. */
osb_status source_listings_take(buf *found, arena *memory, const char *subject,
                                const source_listing **listings, size_t *count,
                                osb_error *error) OSB_MUST_CHECK;

#pragma once
/**
 * Where releases come from: a GitHub-shaped API, or a folder. A source only says what there is and
 * moves bytes; fetch.h decides what is kept.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "model/platform.h"
#include "model/release.h"
#include "store/cache.h"

/** How long a server is waited for, and how often it is asked again. Zeros: as usual. */
typedef struct net_patience {
    uint32_t attempts;        /**< of one request, the first included */
    uint32_t retry_delay_ms;  /**< before the second attempt, about; doubles with each */
    uint32_t stall_timeout_s; /**< a transfer that crawls for so long is broken off */
    uint32_t wait_max_ms;     /**< a server that asks us to wait longer is given up */
} net_patience;

/**
 * How to reach the network; filled by the program, never from the environment here. The texts are
 * kept by pointer: they outlive what is opened with them.
 */
typedef struct net_options {
    bool offline;               /**< no socket is opened at all */
    bool allow_http;            /**< plain http to other hosts than loopback */
    const char *github_token;   /**< sent to its own API host only; NULL for none */
    const char *particle_token; /**< likewise */
    const char *ca_file;        /**< NULL: the system's */
    const char *proxy;          /**< https proxy URL; NULL for none */
    const char *no_proxy;
    net_patience patience;
    cache *kept; /**< keeps beginnings of files, and lists; NULL: nothing is kept */
    const platform_list *platforms;  /**< what files without a speaking name are for; may be NULL */
    const catalog *known;            /**< which release they are from; may be NULL */
    const struct index_guard *guard; /**< of mirrors and bundles; NULL: nobody asks */
    const log_sink *log;
    bool (*cancelled)(void *context); /**< asked between transfers; NULL for never */
    void *cancelled_context;
} net_options;

/** What a source tells of a module itself, to be held against the module that arrives. */
typedef struct source_promise {
    bool has_crc32, has_header, has_identity;
    uint32_t crc32;
    uint16_t platform_id, version;
    module_slot slot;
    module_dependency dependencies[2];
    uint8_t identity[SHA256_SIZE]; /**< the SHA-256 in its suffix */
} source_promise;

enum {
    SOURCE_LOCATION = 1024
};

/** One file that a source offers. */
typedef struct source_file {
    char name[RELEASE_FILE_NAME];
    char location[SOURCE_LOCATION]; /**< URL or path */
    char older[VERSION_SIZE];       /**< the release that it was taken from; empty: this one */
    uint64_t size;                  /**< bytes; 0 unknown */
    bool has_sha256;                /**< the site publishes a digest */
    bool is_guess;                  /**< nobody was asked: it may not be there */
    uint8_t sha256[SHA256_SIZE];
    source_promise promise;
} source_file;

typedef struct source_listing {
    char version[VERSION_SIZE];
    bool prerelease;
    size_t count;
    const source_file *files; /**< in the arena of the call */
} source_listing;

typedef struct source source;

/** One file in the air, for source_download. */
typedef struct download {
    const source_file *file;
    const uint8_t *sha256; /**< of what it has to be; NULL unknown */
    buf content;           /**< grows up to its maximum; made by the caller, freed by the caller */
    bool resumed;          /**< out: began with bytes that were kept from an earlier download */
    bool absent;           /**< out: a guess, and not there */
} download;

/** How far a download is, in bytes; totals are 0 while unknown. */
typedef struct fetch_news {
    const char *file;
    uint64_t file_done, file_total;
    uint64_t done, total;    /**< over all files of the call */
    const char *waiting_for; /**< why the file is asked for again in `wait_ms`; else NULL */
    uint64_t wait_ms;
} fetch_news;

/** Called while bytes arrive, and when a file has to be waited for. */
typedef struct fetch_progress {
    void (*advance)(void *context, const fetch_news *news);
    void *context;
} fetch_progress;

/**
 * Opens a source by its URL: "github+https://HOST/repos/OWNER/NAME", "file:///DIR", a path.
 * Nothing is contacted. OSB_ERR_USAGE for a scheme that is not known or not allowed.
 */
osb_status source_open(const char *url, const net_options *options, source **opened,
                       osb_error *error) OSB_MUST_CHECK;
void source_close(source *opened);
const char *source_url(const source *opened);
/** Whether it is on this machine, so that looking into it costs neither a server nor patience. */
bool source_is_here(const source *opened);

/** Sources in the order in which they are asked; each is opened when its turn comes. */
typedef struct source_order {
    const net_options *options;
    const char *const *urls; /**< both arrays belong to who made the list */
    source **opened;         /**< NULL for those whose turn has not come */
    size_t count;
} source_order;

/** Source `index`, opened now or before; it belongs to the list. Errors are source_open's. */
osb_status source_order_at(source_order *list, size_t index, source **opened,
                           osb_error *error) OSB_MUST_CHECK;
/** Closes those that were opened. */
void source_order_close(source_order *list);

/** All files of one release. OSB_ERR_NOT_FOUND when the source does not have it. */
osb_status source_find(source *opened, const char *version, arena *memory, source_listing *listing,
                       osb_error *error) OSB_MUST_CHECK;

/** As source_find, for those sources that tell of one platform only when they are asked so. */
osb_status source_find_for(source *opened, const platform *board, const char *version,
                           arena *memory, source_listing *listing, osb_error *error) OSB_MUST_CHECK;

/** Where a file of a release would lie, without asking. False where only asking can tell. */
bool source_locate(const source *opened, const char *version, const char *name,
                   char location[SOURCE_LOCATION]);

/** The releases the source offers, newest first, without their files. */
osb_status source_list(source *opened, arena *memory, const source_listing **listings,
                       size_t *count, osb_error *error) OSB_MUST_CHECK;

/** Sorts by version, newest first. */
void source_listings_sort(source_listing *listings, size_t count);

/** Downloads several files at once, largest first. All or an error; sizes are limits. */
osb_status source_download(source *opened, download *downloads, size_t count,
                           const fetch_progress *progress, osb_error *error) OSB_MUST_CHECK;

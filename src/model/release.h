#pragma once
/**
 * A release for one platform: which module, in which version, belongs into which slot.
 *
 * Built from manifests/releases/VERSION.json, from a source's files, or from the cache. What is
 * not known stays unset; nothing is computed from the version's digits.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "model/module.h"
#include "model/platform.h"
#include "model/version.h"

enum {
    RELEASE_MODULES_MAX = 16,
    RELEASE_FILE_NAME = 128
};

typedef struct release_module {
    module_slot slot;
    uint16_t version;
    module_dependency dependencies[2];
    bool needs_unknown; /**< `dependencies` say nothing: the manifest does not know them */
    char file[RELEASE_FILE_NAME]; /**< as the release site names it */
    uint32_t size;                /**< bytes of the file; 0 unknown */
    uint32_t start;               /**< flash address of the image; 0 unknown */
    bool pinned;                  /**< sha256 is known */
    uint8_t sha256[SHA256_SIZE];  /**< of the whole file */
    uint8_t
        identity[SHA256_SIZE]; /**< the SHA-256 in its suffix, as boards report it; zeros unknown */
    bool synthetic;
    bool protects;                  /**< a bootloader that switches protection on */
    uint8_t made_from[SHA256_SIZE]; /**< the file that this one was made from for the board; zeros:
                                         it is as it was released */
} release_module;

typedef struct release {
    char version[VERSION_SIZE];
    char channel[16]; /**< "lts", "ga", "preview", "rc", "internal"; empty unknown */
    const platform *board;
    size_t module_count;
    release_module modules[RELEASE_MODULES_MAX];
} release;

/** The known releases. Opaque, and never changed by a question: workers may share one. */
typedef struct catalog {
    arena memory;
    const struct catalog_entry *entries; /**< ordered by version, oldest first */
    size_t count;
    struct catalog_entry *own; /**< `entries`, once one was added; NULL: the built-in ones */
    size_t capacity;           /**< of `own` */
} catalog;

/** The built-in releases: nothing is read, and nothing copied before one is added. */
osb_status catalog_load(catalog *known, osb_error *error) OSB_MUST_CHECK;
void catalog_free(catalog *known);

/** Adds a release manifest, or puts it in the place of the one with the same version. */
osb_status catalog_add(catalog *known, const json_t *manifest, const char *subject,
                       osb_error *error) OSB_MUST_CHECK;

/** Version of entry `index`, oldest first. */
const char *catalog_version(const catalog *known, size_t index);

/** OSB_ERR_NOT_FOUND when the catalog does not know that release for that platform. */
osb_status catalog_release(const catalog *known, const char *version, const platform *board,
                           release *found, osb_error *error) OSB_MUST_CHECK;

/**
 * The release that a module number belongs to on a platform ("5.3.1" for system_part/1 5301).
 * A final release goes before pre-releases with the same number. NULL when unknown or when
 * several releases share the number.
 */
const char *catalog_os_version(const catalog *known, const platform *board, module_slot slot,
                               uint16_t module_version);

/**
 * Every release whose module in `slot` has exactly `module_version`, oldest first.
 * @param names receives the first `capacity` of them
 * @return how many there are
 */
size_t catalog_releases_with(const catalog *known, const platform *board, module_slot slot,
                             uint16_t module_version, const char **names, size_t capacity);

/**
 * The oldest release whose module in `slot` has at least `module_version`: a pre-release only
 * where no final one has it. NULL for none.
 */
const char *catalog_first_with(const catalog *known, const platform *board, module_slot slot,
                               uint16_t module_version);

/** The newest release whose module in `slot` has at most `module_version`; NULL for none. */
const char *catalog_last_with(const catalog *known, const platform *board, module_slot slot,
                              uint16_t module_version);

/**
 * The newest release for `board` that a user's words name: "5.3.1", "5.3", "5", "latest", "lts".
 * NULL when there is none. Pre-releases only when named in full or with `prerelease`, and one that
 * was never published only when named in full.
 */
const char *catalog_resolve(const catalog *known, const platform *board, const char *words,
                            bool prerelease);

/** Says of words that catalog_resolve finds nothing for what is nearest to them. */
void catalog_explain_missing(const catalog *known, const platform *board, const char *words,
                             char *text, size_t capacity);

/** The newest final release before another one that has a module in `slot`; NULL for none. */
const char *catalog_older_with(const catalog *known, const platform *board, module_slot slot,
                               const char *release_version);

/**
 * Adds to an object what the catalog knows of a release as a whole: "channel", "lts", "prerelease",
 * the "platforms" it was made for and the "latest_for" those; null where it knows nothing.
 */
void catalog_describe(const catalog *known, const char *release_version,
                      const platform_list *boards, json_t *object);

const release_module *release_find(const release *set, module_slot slot);

/** Whether it was ever published: the catalog also knows numbers that boards may report. */
bool release_is_published(const release *set);
/** Whether it is for everybody: published, no pre-release and no preview. */
bool release_is_final(const release *set);

/** SHA-256 of the file as it was released: where one was made from it for a board, of that. */
const uint8_t *release_origin(const release_module *file);

/**
 * A release_module from a parsed module file.
 * @param sha256 of the whole file, where that is known already; NULL: it is hashed here
 */
void release_module_from(release_module *entry, const module *parsed, const char *file_name,
                         const uint8_t sha256[SHA256_SIZE]);

/** The "osbundle-release" object that `show --json` prints. */
json_t *release_to_json(const release *set);

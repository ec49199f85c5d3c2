#pragma once
/**
 * Kits: releases, platform data, lock files and applications in one file, for a bench that has no
 * network. Users know them as release bundles (`osbundle bundle`, osbundle-bundle(5)); an
 * application bundle is something else (model/bundle.h).
 *
 * A kit is an archive, .tar.zst or .zip by its name: index.json, its signature where there is one,
 * and then each content that the index lists, once, ordered by hash. It is written and read as a
 * stream: what is held in memory is one content at a time. The same content gives the same bytes.
 */
#include "base/buf.h"
#include "base/error.h"
#include "net/index_guard.h"
#include "store/release_index.h"

enum {
    KIT_SIGNATURE_MAX = 4096,         /**< bytes */
    KIT_WINDOW_MAX = 8 * 1024 * 1024, /**< bytes that a packed kit may want to look back */
    KIT_TOTAL_MAX = 1024              /**< MiB of all contents together */
};

/** A kit that is being read. */
typedef struct kit kit;

/**
 * Opens a kit and reads its index, once that was admitted.
 * @param guard NULL: nobody asks for signatures
 * @return OSB_ERR_NOT_FOUND; OSB_ERR_INTEGRITY when it is no kit, damaged, or its index is not
 * first
 */
osb_status kit_open(const char *path, const index_guard *guard, kit **opened,
                    osb_error *error) OSB_MUST_CHECK;
void kit_close(kit *opened);

const release_index *kit_index(const kit *opened);
/** The index as it stands there, which is what is signed. */
span kit_index_text(const kit *opened);
/** Empty: it is not signed. */
span kit_signature(const kit *opened);

/** Every content that the index lists, in the order in which the kit has them. */
const index_file *kit_objects(const kit *opened, size_t *count);

/**
 * Goes to the next content.
 * @param object what it has to be; NULL at the end, when all were there and nothing else
 * @return OSB_ERR_INTEGRITY for anything but the very file that the index has next
 */
osb_status kit_next(kit *opened, const index_file **object, osb_error *error) OSB_MUST_CHECK;

/**
 * Appends the content, which has the size and hash that the index names. Once for each.
 * @return OSB_ERR_INTEGRITY; reading stops at the first byte too many
 */
osb_status kit_read(kit *opened, buf *content, osb_error *error) OSB_MUST_CHECK;

/** Where the contents of a kit in the making come from. */
typedef struct kit_supply {
    /** Appends the content of `object`; it is held against size and hash. */
    osb_status (*read)(void *context, const index_file *object, buf *content, osb_error *error);
    void *context;
} kit_supply;

/** Whether kits can have this name. OSB_ERR_USAGE. */
osb_status kit_check_name(const char *path, osb_error *error) OSB_MUST_CHECK;

/** Whether a file begins as kits do, and as no other archive of releases does. */
bool kit_is_likely(const char *path);

/**
 * Writes a kit; at `path` there is either all of it or what was there before.
 * @param text the index as release_index_to_text gives it
 * @param signature of `text`; empty for none
 */
osb_status kit_write(const char *path, const release_index *index, span text, span signature,
                     const kit_supply *supply, osb_error *error) OSB_MUST_CHECK;

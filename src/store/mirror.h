#pragma once
/**
 * A mirror, osbundle-mirror(5): a folder that any web server can serve. index.json lists releases,
 * objects/ holds their files by content. Only the index ever changes; all other names stand for the
 * same bytes for ever, so that readers of an earlier index still find everything it lists.
 */
#include "store/release_index.h"

/** Signs an index; what it is given is index.json to the byte. */
typedef struct mirror_signer {
    osb_status (*sign)(void *context, span text, uint32_t version, buf *signature,
                       osb_error *error);
    void *context;
} mirror_signer;

typedef struct mirror_result {
    uint32_t version; /**< of the index that is there now */
    bool changed;     /**< there is a new index */
    size_t added;
    uint64_t added_bytes;
    size_t removed; /**< by mirror_prune */
    uint64_t removed_bytes;
} mirror_result;

/**
 * Adds releases to the mirror in `folder`, which is made where it is not there. What the mirror has
 * stays. New files come first, the index last and as a whole. One process at a time.
 * @param added the releases to add; their files are in `from`
 * @param signer NULL: the index is not signed
 * @param index what the mirror lists afterwards; made here
 * @return OSB_ERR_REFUSED when the folder is something else, or a signed index would be followed by
 *         one without a signature; OSB_ERR_INTEGRITY when the mirror has another file for a slot of
 *         one of the releases, or its index is damaged
 */
osb_status mirror_update(const char *folder, cache *from, const release_index *added,
                         const mirror_signer *signer, release_index *index, mirror_result *result,
                         osb_error *error) OSB_MUST_CHECK;

/**
 * Removes the files that its index does not list (any more), signatures of earlier indexes, and
 * what interrupted updates have left. Who still reads by an earlier index will miss them.
 * @param result what was removed is added to it
 */
osb_status mirror_prune(const char *folder, mirror_result *result, osb_error *error) OSB_MUST_CHECK;

/** Where the signature of an index is: "signatures/HASH.minisig", for ever that of this index. */
enum {
    MIRROR_SIGNATURE_SIZE = 90
};
void mirror_signature_name(span text, char target[MIRROR_SIGNATURE_SIZE]);

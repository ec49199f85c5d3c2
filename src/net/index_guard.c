/*
 * Reads an index only after it was admitted.
 *
 * Knows no keys (the guard does). Invariant: nothing that stands in an index counts before its
 * signature was held against it, where somebody asks for one.
 */
#include "net/index_guard.h"

osb_status index_admit(const index_guard *guard, const index_claim *claim, release_index *index,
                       osb_error *error)
{
    uint32_t version = 0;
    if (guard)
        TRY(guard->admit(guard->context, claim, &version, error));
    TRY(release_index_read(claim->text, claim->name, index, error));
    if (!guard || (index->role == claim->role && index->version == version))
        return OSB_OK;
    release_index_free(index);
    return osb_fail(error, OSB_ERR_SIGNATURE, claim->name, "do not use it; report it to its maker",
                    "its signature is for another role or version than its index has");
}

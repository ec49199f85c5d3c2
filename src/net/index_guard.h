#pragma once
/** Who decides whether an index is believed, before a word of it is read. */
#include "base/error.h"
#include "base/span.h"
#include "store/release_index.h"

/** An index that says it is that of a bundle or mirror. */
typedef struct index_claim {
    const char *name; /**< path or URL of the bundle or mirror */
    index_role role;
    span text;      /**< index.json, which is what is signed */
    span signature; /**< .minisig; empty: there is none */
} index_claim;

typedef struct index_guard {
    /**
     * OSB_ERR_SIGNATURE or OSB_ERR_INTEGRITY for one that is not to be believed.
     * @param version receives the version that the signature names
     */
    osb_status (*admit)(void *context, const index_claim *claim, uint32_t *version,
                        osb_error *error);
    void *context;
} index_guard;

/**
 * Reads an index once its guard has admitted it: then its role is the claimed one, and its version
 * the signed one.
 * @param guard NULL: nobody asks for signatures
 */
osb_status index_admit(const index_guard *guard, const index_claim *claim, release_index *index,
                       osb_error *error) OSB_MUST_CHECK;

#pragma once
/**
 * What a signature says about what it signs: the trusted comment of osbundle's own signatures.
 *
 *     role:lock version:7 expires:2027-01-31
 *
 * Fields "name:value", one space between two of them, role first. Names are a-z, 0-9, '-' and '_',
 * values are visible ASCII. Names that are not known here are passed over, so that others can be
 * added; one that begins with '!' must be understood, or the signature does not hold.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "trust/content_hash.h"
#include "trust/keyring.h"

enum {
    STATEMENT_TEXT = 128,              /**< of those made here, with the final NUL */
    STATEMENT_DATE = 11,               /**< "2027-01-31", with the final NUL */
    STATEMENT_VERSION_MAX = 1000000000 /**< of a signed thing */
};

/** What was signed. A signature for one is none for another. */
typedef enum signed_role {
    SIGNED_LOCK,
    SIGNED_BUNDLE,
    SIGNED_MIRROR,
    SIGNED_ROLE_COUNT
} signed_role;

typedef struct statement {
    signed_role role;
    uint32_t version; /**< counts up with what is signed; 0: none */
    /** The last day, in UTC, on which it holds; empty: none. With room for a letter too many. */
    char expires[STATEMENT_DATE + 1];
} statement;

/** "lock", "bundle", "mirror". */
const char *signed_role_name(signed_role role);

/** Whether it is a day of the calendar, "2027-01-31". */
bool date_is_valid(const char *text);

/** The trusted comment. OSB_ERR_USAGE when the date is none or the version too large. */
osb_status statement_write(const statement *says, char text[STATEMENT_TEXT],
                           osb_error *error) OSB_MUST_CHECK;

/**
 * Reads a trusted comment.
 * @param name of the signature, for errors
 * @return OSB_ERR_SIGNATURE when it is no statement, or says more than is understood here
 */
osb_status statement_read(const char *comment, const char *name, statement *says,
                          osb_error *error) OSB_MUST_CHECK;

/** @param today "2026-11-26", in UTC */
bool statement_has_expired(const statement *says, const char *today);

/** Fills the error of a signature that has; returns OSB_ERR_SIGNATURE. */
osb_status statement_fail_expired(const statement *says, const char *name, const char *key_id,
                                  osb_error *error);

/** Who may have signed what, and when that is judged. */
typedef struct signature_demand {
    signed_role role;
    const keyring *trusted;
    char today[STATEMENT_DATE]; /**< in UTC */
    bool online;                /**< offline, what has expired still holds: show it */
} signature_demand;

/** A signature that holds. */
typedef struct signature_finding {
    public_key signer;
    char key_id[KEY_ID_TEXT]; /**< the signer's */
    statement says;
    bool expired; /**< only offline */
} signature_finding;

/**
 * Whether content is signed by a trusted key, for what it is used as, and not expired.
 * @param text of the .minisig file
 * @param name of the content, for errors
 * @return OSB_ERR_SIGNATURE otherwise
 */
osb_status signature_check(span text, const char *name, const content_digest *digest,
                           const signature_demand *demand, signature_finding *found,
                           osb_error *error) OSB_MUST_CHECK;

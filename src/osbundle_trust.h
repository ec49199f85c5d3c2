#pragma once
/** The keys that the user trusts, and what is asked of signatures. Private to osbundle*.c. */
#include "osbundle_context.h"

#include "trust/content_hash.h"
#include "trust/secret_key.h"
#include "trust/statement.h"

/** What a signature's file is called: the name of what is signed, and this. */
#define SIGNATURE_SUFFIX ".minisig"

/** The trusted keys, which the user pinned. Errors are those of keyring_trust. */
osb_status context_keyring(const osb_context *context, keyring *trusted,
                           osb_error *error) OSB_MUST_CHECK;

/** What day it is in UTC, by the clock of the context's user. */
void context_today(const osb_context *context, char today[STATEMENT_DATE]);

/**
 * Holds content to the demand of the context: a trusted key, that role, and online no expiry. What
 * has expired is told as a warning offline.
 * @param signature text of its .minisig
 * @param name of the content, for errors and the log
 */
osb_status context_check_signature(osb_context *context, span signature, const char *name,
                                   const content_digest *digest, signed_role role,
                                   signature_finding *found, osb_error *error) OSB_MUST_CHECK;

/**
 * The same for a file whose signature lies beside it. Where no key is trusted, nothing is asked.
 * @param content of the file
 * @return OSB_ERR_SIGNATURE also when there is no signature
 */
osb_status context_check_signed_file(osb_context *context, const char *path, span content,
                                     signed_role role, osb_error *error) OSB_MUST_CHECK;

/** Opens the secret key in a file, asking for its password where it has one. */
osb_status key_open(const char *path, const osb_password *password, secret_key *key,
                    osb_error *error) OSB_MUST_CHECK;

/**
 * Signs content as a thing of that role.
 * @param version counts up with what is signed; 0: none
 * @param signature receives the .minisig
 */
osb_status signing_sign(const osb_signing *signing, const content_digest *digest, signed_role role,
                        uint32_t version, buf *signature, osb_error *error) OSB_MUST_CHECK;

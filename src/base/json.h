#pragma once
/** JSON by jansson: the only header that includes it. Reading helpers name the member they miss. */
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

void json_release(json_t **value);
/** An owning local: released when it goes out of scope. */
#define JSON_OWNED __attribute__((cleanup(json_release))) json_t

/** Parses untrusted text. `subject` (a file or URL) goes into the error, OSB_ERR_INTEGRITY. */
osb_status json_parse(span text, const char *subject, json_t **value,
                      osb_error *error) OSB_MUST_CHECK;

/** Canonical text: members in the order they were set, 2 spaces, a final line feed. */
osb_status json_to_text(const json_t *value, buf *text, osb_error *error) OSB_MUST_CHECK;
/** One line without a line feed, for JSON Lines. */
osb_status json_to_line(const json_t *value, buf *text, osb_error *error) OSB_MUST_CHECK;

/** The member as text; `fallback` when it is missing or no string. */
const char *json_text(const json_t *object, const char *member, const char *fallback);
/** The member as a whole number; `fallback` when it is missing or no integer. */
int64_t json_number(const json_t *object, const char *member, int64_t fallback);
/** The member as truth value; false when it is missing. */
bool json_true_at(const json_t *object, const char *member);
/** A member that is a whole number or a "0x..." string, within 32 bits. False when it is neither.
 */
bool json_address(const json_t *object, const char *member, uint32_t *address);

/** The value itself as an address, as json_address reads a member. */
bool json_to_address(const json_t *value, uint32_t *address);

/** Whether it is an object that has no other members than those of the list. */
bool json_has_only(json_t *object, const char *const *members, size_t count);

/** A string that may be NULL: then null. */
json_t *json_text_or_null(const char *text);

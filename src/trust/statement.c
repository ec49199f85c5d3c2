/*
 * Statements: the trusted comments of our signatures, written, read and held against a demand.
 *
 * Reads no clock: who asks says which day it is. Invariant: a comment is understood as a whole or
 * not at all, and nothing in it is looked at before its signature holds.
 */
#include "trust/statement.h"

#include <string.h>

#include "base/text.h"
#include "trust/minisig.h"

static const char *const role_names[SIGNED_ROLE_COUNT] = {
    [SIGNED_LOCK] = "lock", [SIGNED_BUNDLE] = "bundle", [SIGNED_MIRROR] = "mirror"};

const char *signed_role_name(signed_role role)
{
    return role < SIGNED_ROLE_COUNT ? role_names[role] : "unknown";
}

/** The number of `size` decimal digits; 0 for anything else. */
static unsigned digits(const char *text, size_t size)
{
    unsigned value = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    return value;
}

bool date_is_valid(const char *text)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (strlen(text) != STATEMENT_DATE - 1 || text[4] != '-' || text[7] != '-')
        return false;
    unsigned year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

osb_status statement_write(const statement *says, char text[STATEMENT_TEXT], osb_error *error)
{
    text_format(text, STATEMENT_TEXT, "role:%s", signed_role_name(says->role));
    if (says->version > STATEMENT_VERSION_MAX)
        return osb_fail(error, OSB_ERR_USAGE, NULL, "use a smaller number",
                        "a signature's version is %d at most", STATEMENT_VERSION_MAX);
    if (says->version)
        text_append(text, STATEMENT_TEXT, " version:%u", (unsigned)says->version);
    if (!*says->expires)
        return OSB_OK;
    if (!date_is_valid(says->expires))
        return osb_fail(error, OSB_ERR_USAGE, says->expires, "write it as in 2027-01-31",
                        "is no day on which a signature could expire");
    text_append(text, STATEMENT_TEXT, " expires:%s", says->expires);
    return OSB_OK;
}

/** One field of a comment. */
typedef struct field {
    span name;
    char value[32]; /**< cut to fit: no value that is understood here is longer */
} field;

static bool is_name_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/** Takes the field that `*rest` begins with, and the space behind it. False when it is none. */
static bool take_field(const char **rest, field *taken)
{
    const char *begin = *rest;
    size_t name = *begin == '!';
    while (is_name_letter((uint8_t)begin[name]))
        name++;
    size_t value = begin[name] == ':' ? strcspn(begin + name + 1, " ") : 0;
    const char *end = begin + name + 1 + value;
    if (!value || name == (*begin == '!') || (*end == ' ' && !end[1]))
        return false;
    for (const char *letter = begin + name + 1; letter < end; letter++)
        if (*letter < 0x21 || *letter > 0x7e)
            return false;
    taken->name = (span){(const uint8_t *)begin, name};
    text_format(taken->value, sizeof taken->value, "%.*s", (int)value, begin + name + 1);
    *rest = *end ? end + 1 : end;
    return true;
}

static bool is_named(const field *one, const char *name)
{
    return one->name.size == strlen(name) && memcmp(one->name.data, name, one->name.size) == 0;
}

static osb_status fail_comment(const char *name, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_SIGNATURE, name,
                    "sign it with osbundle, or with: minisign -S -t 'role:...' (osbundle-key(5))",
                    "the trusted comment of its signature %s", what);
}

static osb_status take_role(const field *one, const char *name, statement *says, osb_error *error)
{
    if (!is_named(one, "role"))
        return fail_comment(name, "does not begin with a role", error);
    while (says->role < SIGNED_ROLE_COUNT && !text_equal(role_names[says->role], one->value))
        says->role++;
    return says->role < SIGNED_ROLE_COUNT
               ? OSB_OK
               : fail_comment(name, "has a role that is not known here", error);
}

static osb_status take_other(const field *one, const char *name, statement *says, osb_error *error)
{
    uint64_t number;
    if (is_named(one, "version")) {
        if (says->version || !text_to_number(one->value, STATEMENT_VERSION_MAX, &number) || !number)
            return fail_comment(name, "has no possible version, or several", error);
        says->version = (uint32_t)number;
    } else if (is_named(one, "expires")) {
        if (*says->expires || !date_is_valid(one->value))
            return fail_comment(name, "has no possible day of expiry, or several", error);
        text_copy(says->expires, sizeof says->expires, one->value);
    } else if (is_named(one, "role")) {
        return fail_comment(name, "has several roles", error);
    } else if (*one->name.data == '!') {
        return fail_comment(name, "demands what a newer osbundle may understand", error);
    }
    return OSB_OK;
}

osb_status statement_read(const char *comment, const char *name, statement *says, osb_error *error)
{
    const char *rest = comment;
    field one;
    *says = (statement){0};
    if (!take_field(&rest, &one))
        return fail_comment(name, "does not begin with a role", error);
    TRY(take_role(&one, name, says, error));
    while (*rest) {
        if (!take_field(&rest, &one))
            return fail_comment(name, "does not consist of fields, name:value", error);
        TRY(take_other(&one, name, says, error));
    }
    return OSB_OK;
}

bool statement_has_expired(const statement *says, const char *today)
{
    return *says->expires && strcmp(today, says->expires) > 0;
}

osb_status statement_fail_expired(const statement *says, const char *name, const char *key_id,
                                  osb_error *error)
{
    return osb_fail(error, OSB_ERR_SIGNATURE, name,
                    "get a newer one from whoever signed it; with --offline it is used, and the "
                    "day is shown",
                    "its signature by key %s expired on %s", key_id, says->expires);
}

/** Holds what a signature says against what is asked of it. */
static osb_status judge(const statement *says, const char *name, const signature_demand *demand,
                        signature_finding *found, osb_error *error)
{
    if (says->role != demand->role)
        return osb_fail(error, OSB_ERR_SIGNATURE, name, "use it as what it was signed for",
                        "is signed as a %s, and not as a %s", signed_role_name(says->role),
                        signed_role_name(demand->role));
    found->expired = statement_has_expired(says, demand->today);
    return found->expired && demand->online
               ? statement_fail_expired(says, name, found->key_id, error)
               : OSB_OK;
}

osb_status signature_check(span text, const char *name, const content_digest *digest,
                           const signature_demand *demand, signature_finding *found,
                           osb_error *error)
{
    minisig signature;
    const public_key *signer;
    TRY(minisig_parse(text, name, &signature, error));
    TRY(minisig_verify(&signature, digest, demand->trusted, name, &signer, error));
    found->signer = *signer;
    key_id_text(signer->id, found->key_id);
    TRY(statement_read(signature.comment, name, &found->says, error));
    return judge(&found->says, name, demand, found, error);
}

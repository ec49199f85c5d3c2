/*
 * The patience with servers, as words become numbers.
 *
 * What is not given stays as the library has it. Invariant: a zero of the user's is one, and not
 * the library's "as usual".
 */
#include "cli/patience.h"

#include <string.h>

#include "base/text.h"

enum {
    RETRIES_MAX = 1000,
    SECONDS_MAX = 24 * 3600,
    DECIMALS = 3
};

static osb_status fail(const char *option, const char *text, uint64_t maximum, osb_error *error)
{
    osb_fail(error, OSB_ERR_USAGE, option, NULL, "%s is no number from 0 to %llu", text,
             (unsigned long long)maximum);
    osb_error_set_hint(error, "write: %s 2", option);
    return OSB_ERR_USAGE;
}

static osb_status read_number(const char *option, const char *text, uint64_t maximum,
                              uint64_t *number, osb_error *error)
{
    return text_to_number(text, maximum, number) ? OSB_OK : fail(option, text, maximum, error);
}

/** "2", "0.25": seconds, of which no more than thousandths count. */
static osb_status read_seconds(const char *option, const char *text, uint32_t *duration_ms,
                               osb_error *error)
{
    char whole[12], thousandths[DECIMALS + 1] = "000";
    uint64_t seconds, rest;
    const char *point = strchr(text, '.');
    size_t size = point ? (size_t)(point - text) : strlen(text);
    size_t decimals = point ? strlen(point + 1) : 0;
    if (size >= sizeof whole || (point && (!decimals || decimals > DECIMALS)))
        return fail(option, text, SECONDS_MAX, error);
    text_copy(whole, size + 1, text);
    memcpy(thousandths, point ? point + 1 : "", decimals);
    if (!text_to_number(whole, SECONDS_MAX, &seconds) ||
        !text_to_number(thousandths, UINT32_MAX, &rest))
        return fail(option, text, SECONDS_MAX, error);
    *duration_ms = (uint32_t)(seconds * 1000 + rest);
    *duration_ms += *duration_ms == 0;
    return OSB_OK;
}

osb_status patience_apply(const options *words, osb_options *library, osb_error *error)
{
    uint64_t retries, seconds;
    if (words->retry) {
        TRY(read_number("--retry", words->retry, RETRIES_MAX, &retries, error));
        library->attempts = (uint32_t)retries + 1;
    }
    if (words->retry_delay)
        TRY(read_seconds("--retry-delay", words->retry_delay, &library->retry_delay_ms, error));
    if (words->stall_timeout) {
        TRY(read_number("--stall-timeout", words->stall_timeout, SECONDS_MAX, &seconds, error));
        library->stall_timeout_s = seconds ? (uint32_t)seconds : 1;
    }
    if (words->max_wait)
        TRY(read_seconds("--max-wait", words->max_wait, &library->wait_max_ms, error));
    return OSB_OK;
}

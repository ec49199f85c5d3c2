#pragma once
/**
 * Status codes and the caller-owned error text that every fallible function fills.
 *
 * One code per thing a user can act on; exit codes and the "code" of JSON errors follow from the
 * table in error.c. No allocation, no global: an error lives where its caller put it.
 */
#include <stdint.h>

typedef enum osb_status {
    OSB_OK = 0,
    OSB_ERR_INTERNAL,     /**< a bug of ours, or memory ran out */
    OSB_ERR_USAGE,        /**< the call's words are off */
    OSB_ERR_NOT_FOUND,    /**< release, file or device is not there */
    OSB_ERR_NOT_A_MODULE, /**< bytes that are no Device OS module */
    OSB_ERR_INTEGRITY,    /**< size, hash, CRC-32 or header disagree */
    OSB_ERR_SIGNATURE,    /**< a signature is missing or wrong */
    OSB_ERR_REFUSED,      /**< allowed by physics, forbidden by policy or safety rule */
    OSB_ERR_NO_PLAN,      /**< no sequence of steps reaches the goal */
    OSB_ERR_NETWORK,      /**< server or connection failed */
    OSB_ERR_OFFLINE,      /**< needed the network, but offline was asked for */
    OSB_ERR_IO,           /**< a file could not be read or written */
    OSB_ERR_DEVICE,       /**< the board answered with an error */
    OSB_ERR_STALL,        /**< the board refused one transfer (USB STALL) */
    OSB_ERR_TIMEOUT,      /**< the board did not answer in time */
    OSB_ERR_DISCONNECTED, /**< the board left the bus */
    OSB_ERR_BUSY,         /**< somebody else holds the board */
    OSB_ERR_PERMISSION,   /**< the system forbids access to the board or file */
    OSB_ERR_PROTOCOL,     /**< the board's answer breaks the protocol */
    OSB_ERR_PROTECTED,    /**< the board is in a protected state */
    OSB_ERR_UNPROVED,     /**< written, but reading back did not show it */
    OSB_ERR_INTERRUPTED,  /**< the user stopped it; resume continues */
    OSB_ERR_REPLAY,       /**< asks the board something else than was recorded */
    OSB_STATUS_COUNT
} osb_status;

/** What failed on which subject, and what to do. Always NUL-terminated; empty when unset. */
typedef struct osb_error {
    osb_status status;
    int32_t device_code; /**< negative Device OS result code, 0 where there is none */
    char subject[128];   /**< file, URL, device, slot */
    char message[384];   /**< one line: what failed */
    char hint[384];      /**< one line: what to do */
} osb_error;

#define OSB_MUST_CHECK __attribute__((warn_unused_result))

/** Returns from the calling function when `expression` is not OSB_OK. */
#define TRY(expression)                                                                            \
    do {                                                                                           \
        osb_status try_status_ = (expression);                                                     \
        if (try_status_ != OSB_OK)                                                                 \
            return try_status_;                                                                    \
    } while (0)

/**
 * Fills `error` (which may be NULL) and returns `status`.
 * @param subject what it happened to; NULL for none
 * @param hint what the user can do; NULL for none
 * @param format printf format of the message, one line, no final full stop
 */
osb_status osb_fail(osb_error *error, osb_status status, const char *subject, const char *hint,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

/** Fills `error` for a failed memory allocation. */
osb_status osb_fail_memory(osb_error *error);

/** Fills `error` from errno for a failed operation ("open", "rename") on `path`. */
osb_status osb_fail_errno(osb_error *error, const char *operation, const char *path);

/** Replaces the hint of a filled error, where a higher layer knows better what helps. */
void osb_error_set_hint(osb_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The snake_case name of a status, as in JSON ("not_a_module"). */
const char *osb_status_name(osb_status status);

/** The status of that name; OSB_STATUS_COUNT when there is none. */
osb_status osb_status_of_name(const char *name);

/** The process exit code of a status (see the manual page's table). */
int osb_status_exit_code(osb_status status);

/*
 * The table of result codes, whole, so that a board's refusal is always shown in words.
 *
 * Codes and the texts of the common ones: Device OS services/inc/system_error.h. Texts of the
 * filesystem, ledger, I2C and PPP families are spelled out from their names.
 * Invariant: rows are ordered by falling code.
 */
#include "protocol/result.h"

#include "base/text.h"

#define HINT_AGAIN "restart the board and try again; if it stays, run 'osbundle diagnose'"

const char result_protected_hint[] =
    "put the board into service mode first: 'particle device-protection disable'";
const char result_service_hint[] =
    "a board in service mode takes Device OS 6.0.0 and newer only, and a bootloader that keeps its "
    "protection";

static const result_code rows[] = {
    {0, "NONE", "No error", NULL},
    {-100, "UNKNOWN", "Unknown error", HINT_AGAIN},
    {-110, "BUSY", "Resource busy", "wait until the board is idle and try again"},
    {-120, "NOT_SUPPORTED", "Not supported", "this Device OS version does not know the request"},
    {-130, "NOT_ALLOWED", "Not allowed",
     "the application filters control requests: put the board into safe mode and try again"},
    {-140, "CANCELLED", "Operation cancelled", NULL},
    {-150, "ABORTED", "Operation aborted", HINT_AGAIN},
    {-160, "TIMEOUT", "Timeout error", HINT_AGAIN},
    {-170, "NOT_FOUND", "Not found", NULL},
    {-180, "ALREADY_EXISTS", "Already exists", NULL},
    {-190, "TOO_LARGE", "Too large data", NULL},
    {-191, "NOT_ENOUGH_DATA", "Not enough data", NULL},
    {-200, "LIMIT_EXCEEDED", "Limit exceeded", NULL},
    {-201, "END_OF_STREAM", "End of stream", NULL},
    {-210, "INVALID_STATE", "Invalid state",
     "another update may be running: restart the board and try again"},
    {-219, "FLASH_IO", "Flash IO error",
     "restart the board and try again; if it stays, its flash memory may be failing"},
    {-220, "IO", "IO error", HINT_AGAIN},
    {-221, "WOULD_BLOCK", "Would block", NULL},
    {-225, "FILE", "File error", NULL},
    {-226, "PATH_TOO_LONG", "Path too long", NULL},
    {-230, "NETWORK", "Network error", NULL},
    {-240, "PROTOCOL", "Protocol error", NULL},
    {-250, "INTERNAL", "Internal error", HINT_AGAIN},
    {-260, "NO_MEMORY", "Memory allocation error",
     "restart the board in safe mode, so that the application leaves it memory, and try again"},
    {-270, "INVALID_ARGUMENT", "Invalid argument", NULL},
    {-280, "BAD_DATA", "Invalid data format", NULL},
    {-281, "ENCODING_FAILED", "Encoding error", NULL},
    {-290, "OUT_OF_RANGE", "Out of range", NULL},
    {-300, "DEPRECATED", "Deprecated", NULL},
    {-1000, "COAP", "CoAP error", NULL},
    {-1001, "COAP_CONNECTION_CLOSED", "CoAP: connection closed", NULL},
    {-1002, "COAP_MESSAGE_RESET", "CoAP: message reset", NULL},
    {-1003, "COAP_TIMEOUT", "CoAP: timeout", NULL},
    {-1004, "COAP_REQUEST_NOT_FOUND", "CoAP: request not found", NULL},
    {-1005, "COAP_REQUEST_CANCELLED", "CoAP: request cancelled", NULL},
    {-1100, "COAP_4XX", "CoAP: 4xx", NULL},
    {-1132, "COAP_5XX", "CoAP: 5xx", NULL},
    {-1200, "AT_NOT_OK", "AT command failure", NULL},
    {-1210, "AT_RESPONSE_UNEXPECTED", "Unexpected AT command response", NULL},
    {-1300, "OTA_MODULE_NOT_FOUND", "Module not found",
     "the board knows no slot for this module: check that it is made for this platform"},
    {-1310, "OTA_UNSUPPORTED_MODULE", "Unsupported module",
     "the board cannot take this kind of module by a control request"},
    {-1320, "OTA_VALIDATION_FAILED", "Module validation failed",
     "check the file with 'osbundle verify'"},
    {-1330, "OTA_INTEGRITY_CHECK_FAILED", "Module integrity check failed",
     "check the file with 'osbundle verify' and send it again"},
    {-1331, "OTA_RESUMED_UPDATE_FAILED", "Resumed update failed",
     "restart the board and send the module again from the beginning"},
    {-1340, "OTA_DEPENDENCY_CHECK_FAILED", "Module dependency check failed",
     "install what the module needs first: 'osbundle plan' shows the order"},
    {-1350, "OTA_INVALID_ADDRESS", "Invalid module address",
     "the module lies outside its slot on this board: check platform and version"},
    {-1351, "OTA_INVALID_SIZE", "Invalid module size",
     "the module does not fit the board's staging region"},
    {-1360, "OTA_INVALID_PLATFORM", "Invalid module platform",
     "the module is made for another platform"},
    {-1370, "OTA_INVALID_FORMAT", "Invalid module format", NULL},
    {-1380, "OTA_UPDATES_DISABLED", "Firmware updates are disabled",
     "the application has disabled updates: put the board into safe mode and try again"},
    {-1390, "OTA", "Firmware update error", HINT_AGAIN},
    {-1400, "CRYPTO", "Crypto error", NULL},
    {-1600, "I2C_BUS_BUSY", "I2C: bus busy", NULL},
    {-1601, "I2C_ARBITRATION_FAILED", "I2C: arbitration failed", NULL},
    {-1602, "I2C_TX_ADDR_TIMEOUT", "I2C: address timeout", NULL},
    {-1603, "I2C_FILL_DATA_TIMEOUT", "I2C: fill timeout", NULL},
    {-1604, "I2C_TX_DATA_TIMEOUT", "I2C: data timeout", NULL},
    {-1605, "I2C_STOP_TIMEOUT", "I2C: stop timeout", NULL},
    {-1606, "I2C_ABORT", "I2C: transfer aborted", NULL},
    {-1700, "PPP_PARAM", "PPP: invalid parameter", NULL},
    {-1701, "PPP_OPEN", "PPP: cannot open", NULL},
    {-1702, "PPP_DEVICE", "PPP: device error", NULL},
    {-1703, "PPP_ALLOC", "PPP: allocation failed", NULL},
    {-1704, "PPP_USER", "PPP: interrupted by user", NULL},
    {-1705, "PPP_CONNECT", "PPP: connection lost", NULL},
    {-1706, "PPP_AUTH_FAIL", "PPP: authentication failed", NULL},
    {-1707, "PPP_PROTOCOL", "PPP: protocol error", NULL},
    {-1708, "PPP_PEER_DEAD", "PPP: peer does not answer", NULL},
    {-1709, "PPP_IDLE_TIMEOUT", "PPP: idle timeout", NULL},
    {-1710, "PPP_CONNECT_TIME", "PPP: connection time is over", NULL},
    {-1711, "PPP_LOOPBACK", "PPP: loopback detected", NULL},
    {-1712, "PPP_NO_CARRIER", "PPP: no carrier", NULL},
    {-1800, "INVALID_SERVER_SETTINGS", "Server settings are invalid", NULL},
    {-1801, "PROTECTED", "Device is in a protected state, action prohibited",
     result_protected_hint},
    {-1802, "KEY_MISMATCH", "Unrecognized cryptographic key", NULL},
    {-1803, "INVALID_SIGNATURE", "Signature validation failed", NULL},
    {-1900, "FILESYSTEM", "Filesystem: generic error", NULL},
    {-1901, "FILESYSTEM_IO", "Filesystem: IO error", NULL},
    {-1902, "FILESYSTEM_CORRUPT", "Filesystem: corrupted", NULL},
    {-1903, "FILESYSTEM_NOENT", "Filesystem: no such entry", NULL},
    {-1904, "FILESYSTEM_EXIST", "Filesystem: entry exists", NULL},
    {-1905, "FILESYSTEM_NOTDIR", "Filesystem: not a directory", NULL},
    {-1906, "FILESYSTEM_ISDIR", "Filesystem: is a directory", NULL},
    {-1907, "FILESYSTEM_NOTEMPTY", "Filesystem: directory is not empty", NULL},
    {-1908, "FILESYSTEM_BADF", "Filesystem: bad file number", NULL},
    {-1909, "FILESYSTEM_FBIG", "Filesystem: file too large", NULL},
    {-1910, "FILESYSTEM_INVAL", "Filesystem: invalid parameter", NULL},
    {-1911, "FILESYSTEM_NOSPC", "Filesystem: no space left", NULL},
    {-1912, "FILESYSTEM_NOMEM", "Filesystem: no memory left", NULL},
    {-2000, "LEDGER_NOT_FOUND", "Ledger: not found", NULL},
    {-2001, "LEDGER_INVALID_FORMAT", "Ledger: invalid format", NULL},
    {-2002, "LEDGER_UNSUPPORTED_FORMAT", "Ledger: unsupported format", NULL},
    {-2003, "LEDGER_READ_ONLY", "Ledger: read only", NULL},
    {-2004, "LEDGER_IN_USE", "Ledger: in use", NULL},
    {-2005, "LEDGER_TOO_LARGE", "Ledger: too large", NULL},
    {-2006, "LEDGER_TOO_MANY", "Ledger: too many", NULL},
    {-2007, "LEDGER_INCONSISTENT_STATE", "Ledger: inconsistent state", NULL},
    {-2008, "LEDGER_ENCODING_FAILED", "Ledger: encoding failed", NULL},
    {-2009, "LEDGER_DECODING_FAILED", "Ledger: decoding failed", NULL},
    {-2010, "LEDGER_REQUEST_FAILED", "Ledger: request failed", NULL},
    {-2011, "LEDGER_INVALID_RESPONSE", "Ledger: invalid response", NULL},
    {-3000, "HAL_RTC_INVALID_TIME", "Real-time clock holds no valid time", NULL},
};

static const size_t row_count = sizeof rows / sizeof *rows;

const result_code *result_at(size_t index)
{
    return index < row_count ? &rows[index] : NULL;
}

const result_code *result_find(int32_t code)
{
    for (size_t i = 0; i < row_count; i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

osb_status result_fail(osb_error *error, const char *subject, const char *request, int32_t code)
{
    const result_code *row = result_find(code);
    osb_status status = code == RESULT_PROTECTED ? OSB_ERR_PROTECTED : OSB_ERR_DEVICE;
    osb_fail(error, status, subject, row && row->hint ? row->hint : HINT_AGAIN,
             "the board refused to %s: %s (%d)", request, row ? row->text : "unknown result code",
             code);
    if (error)
        error->device_code = code;
    return status;
}

/*
 * Asks a listening board who it is, and reads its answer line by line.
 *
 * An application's own log may stand between the lines, so an answer is known by how it begins and
 * by its form, never by its place. Invariant: what is kept is printable, bounded, and of the form
 * it should have.
 */
#include "protocol/console.h"

#include <string.h>

#include "base/text.h"

enum {
    LINE_SIZE = 160,
    QUIET_MS = 250, /* as long nothing comes, everything has been said */
    WRITE_MS = 1000,
    ANSWER_MS = 2000,
    MODEM_MS = 20000, /* a cellular board first starts its modem */
    BEGIN_MS = 15000, /* networks and cloud are left before listening mode begins */
    STALE_MS = 2000,  /* of chatter that is thrown away */
    IDENTITY_LINES = 16,
    RATE_OF_LISTENING = 28800
};

static const char id_new[] = "Device ID: ";
static const char *const id_words[] = {id_new, "Your device id is ", "Your core id is "};
static const char version_words[] = "system firmware version: ";

/* What has come in and is no whole line yet. */
typedef struct reader {
    serial_port *port;
    uint64_t deadline_ms;
    uint8_t bytes[64];
    size_t count, at;
    char line[LINE_SIZE];
    size_t length;
} reader;

static reader reader_make(serial_port *port, uint32_t within_ms)
{
    return (reader){.port = port, .deadline_ms = transport_now_ms(port->bus) + within_ms};
}

static void add_byte(reader *from, uint8_t byte)
{
    if (from->length + 1 < LINE_SIZE)
        from->line[from->length++] = (char)byte;
}

static osb_status refill(reader *from, bool *over, osb_error *error)
{
    uint64_t now = transport_now_ms(from->port->bus);
    uint32_t left = now < from->deadline_ms ? (uint32_t)(from->deadline_ms - now) : 0;
    from->at = from->count = 0;
    if (left)
        TRY(serial_read(from->port, from->bytes, sizeof from->bytes, left, &from->count, error));
    *over = from->count == 0;
    return OSB_OK;
}

/* The next line that is not empty, without its end; NULL when none comes in time. */
static osb_status next_line(reader *from, const char **line, osb_error *error)
{
    bool over = false;
    *line = NULL;
    from->length = 0;
    while (!over) {
        while (from->at < from->count) {
            uint8_t byte = from->bytes[from->at++];
            if (byte != '\r' && byte != '\n') {
                add_byte(from, byte);
                continue;
            }
            if (!from->length)
                continue;
            from->line[from->length] = '\0';
            *line = from->line;
            return OSB_OK;
        }
        TRY(refill(from, &over, error));
    }
    return OSB_OK;
}

/* Throws away what was said before: logs, or answers to somebody else. */
static osb_status drain(serial_port *port, osb_error *error)
{
    uint8_t stale[256];
    size_t count;
    const uint64_t deadline_ms = transport_now_ms(port->bus) + STALE_MS;
    do {
        TRY(serial_read(port, stale, sizeof stale, QUIET_MS, &count, error));
    } while (count && transport_now_ms(port->bus) < deadline_ms);
    return OSB_OK;
}

static osb_status say(serial_port *port, char letter, osb_error *error)
{
    const uint8_t byte = (uint8_t)letter;
    TRY(serial_write(port, (span){&byte, 1}, WRITE_MS, error));
    return serial_drain(port, WRITE_MS, error);
}

/* Keeps what stands behind `words` in the line. */
static bool take_word(const char *line, const char *words, char word[CONSOLE_WORD_SIZE])
{
    if (!text_starts_with(line, words))
        return false;
    const char *value = line + strlen(words);
    text_printable(word, CONSOLE_WORD_SIZE, value, strlen(value));
    return true;
}

static bool take_id(const char *line, char id[CONSOLE_WORD_SIZE])
{
    uint8_t bytes[12];
    for (size_t i = 0; i < sizeof id_words / sizeof *id_words; i++) {
        if (!take_word(line, id_words[i], id))
            continue;
        if (text_unhex(bytes, sizeof bytes, id)) {
            text_hex(id, (span){bytes, sizeof bytes});
            return true;
        }
    }
    id[0] = '\0';
    return false;
}

static osb_status ask_version(serial_port *port, uint32_t within_ms,
                              char version[CONSOLE_WORD_SIZE], osb_error *error)
{
    const char *line;
    version[0] = '\0';
    TRY(drain(port, error));
    TRY(say(port, 'v', error));
    reader from = reader_make(port, within_ms);
    do {
        TRY(next_line(&from, &line, error));
    } while (line && !take_word(line, version_words, version));
    version[strcspn(version, " ")] = '\0'; /* " minimal" may follow */
    return OSB_OK;
}

/* The modem's numbers follow the id, until nothing comes any more. */
static osb_status read_modem(reader *from, console_identity *told, osb_error *error)
{
    const char *line;
    for (size_t i = 0; i < IDENTITY_LINES; i++) {
        from->deadline_ms = transport_now_ms(from->port->bus) + QUIET_MS;
        TRY(next_line(from, &line, error));
        if (!line)
            break;
        if (!take_word(line, "IMEI: ", told->imei))
            (void)take_word(line, "ICCID: ", told->iccid);
    }
    return OSB_OK;
}

static osb_status ask_id(serial_port *port, console_identity *told, osb_error *error)
{
    const char *line;
    TRY(drain(port, error));
    TRY(say(port, 'i', error));
    reader from = reader_make(port, MODEM_MS);
    do {
        TRY(next_line(&from, &line, error));
    } while (line && !take_id(line, told->device_id));
    return line ? read_modem(&from, told, error) : OSB_OK;
}

static osb_status silent_fail(const char *subject, osb_error *error)
{
    return osb_fail(error, OSB_ERR_TIMEOUT, subject,
                    "hold MODE (SETUP on some boards) for 3 s until the LED blinks dark blue, then "
                    "run the same command; a protected board never answers here",
                    "nobody answers on the serial console: the board is not in listening mode");
}

osb_status console_identify(serial_port *port, const char *subject, console_identity *told,
                            osb_error *error)
{
    *told = (console_identity){0};
    TRY(ask_version(port, ANSWER_MS, told->os_version, error));
    if (!told->os_version[0])
        return silent_fail(subject, error);
    return ask_id(port, told, error);
}

osb_status console_begin(serial_port *port, const char *subject, bool *began, osb_error *error)
{
    char version[CONSOLE_WORD_SIZE];
    *began = false;
    TRY(ask_version(port, ANSWER_MS, version, error));
    if (version[0])
        return OSB_OK;
    TRY(serial_set_rate(port, RATE_OF_LISTENING, error));
    *began = true;
    const uint64_t deadline_ms = transport_now_ms(port->bus) + BEGIN_MS;
    while (!version[0] && transport_now_ms(port->bus) < deadline_ms)
        TRY(ask_version(port, ANSWER_MS, version, error));
    return version[0] ? OSB_OK : silent_fail(subject, error);
}

osb_status console_end(serial_port *port, osb_error *error)
{
    return say(port, 'x', error);
}

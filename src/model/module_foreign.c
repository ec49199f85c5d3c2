/*
 * Recognises what people hand over instead of a module: downloads gone wrong, debug builds,
 * archives, raw machine code.
 *
 * Only words an error; whether something is a module is never decided here. Invariant: looks at
 * the first SAMPLE bytes and no further, so it costs nothing on a large file.
 */
#include "model/module_foreign.h"

#include <stdbool.h>
#include <string.h>

#include "base/cursor.h"

enum {
    SAMPLE = 4096
};

static const char *const again = "the download or copy went wrong: get the file again";
static const char *const genuine = "give a Device OS module (.bin) as a release site publishes it";
static const char *const unpack = "unpack it and give the .bin files in it";
static const char *const from_build = "give the .bin file of the same build";

typedef struct magic {
    const char *bytes;
    size_t size;
    const char *what;
    const char *const *hint;
} magic;

#define MAGIC(bytes, what, hint)                                                                   \
    {                                                                                              \
        bytes, sizeof bytes - 1, what, &(hint)                                                     \
    }

static const magic magics[] = {
    MAGIC("PK\x03\x04", "this is a zip archive, not a Device OS module", unpack),
    MAGIC("\x1f\x8b", "this is a gzip archive, not a Device OS module", unpack),
    MAGIC("\x28\xb5\x2f\xfd", "this is a zstd archive, not a Device OS module", unpack),
    MAGIC("\xfd"
          "7zXZ",
          "this is an xz archive, not a Device OS module", unpack),
    MAGIC("\x7f"
          "ELF",
          "this is an ELF file with debug information, not a Device OS module", from_build),
    /* Realtek image header (Device OS platform/MCU/rtl872x/inc/rtl_header.h). */
    MAGIC("\x99\x99\x96\x96\x3f\xcc\x66\xfc",
          "this is a raw Realtek image: no Device OS module header found at any known place",
          genuine),
};

static bool begins_with(span file, const char *bytes, size_t size)
{
    return file.size >= size && memcmp(file.data, bytes, size) == 0;
}

static bool is_filled(span file)
{
    for (size_t i = 1; i < file.size; i++)
        if (file.data[i] != file.data[0])
            return false;
    return true;
}

/** Printable ASCII and line ends for the most part; bytes above that may be UTF-8. */
static bool is_text(span file)
{
    size_t high = 0;
    for (size_t i = 0; i < file.size; i++) {
        uint8_t c = file.data[i];
        bool space = c == '\t' || c == '\n' || c == '\r' || c == '\f';
        if ((c < 0x20 && !space) || c == 0x7f)
            return false;
        high += c >= 0x80;
    }
    return high <= file.size / 2;
}

/** A Cortex-M vector table: the initial stack in RAM, then an odd (Thumb) address for the reset. */
static bool is_machine_code(span file)
{
    cursor reader = cursor_make(file);
    uint32_t stack = cursor_u32le(&reader), reset = cursor_u32le(&reader);
    return !reader.failed && stack >> 24 == 0x20 && stack % 4 == 0 && (reset & 1) &&
           reset < 0x20000000;
}

static foreign_kind recognise_text(span sample)
{
    if (begins_with(sample, "version https://git-lfs", strlen("version https://git-lfs")))
        return (foreign_kind){"this is a Git LFS pointer, not the file itself",
                              "get the file itself: git lfs pull"};
    if (begins_with(sample, ":", 1) || begins_with(sample, "S0", 2))
        return (foreign_kind){"this is a hex dump of firmware, not a Device OS module", from_build};
    return (foreign_kind){"this is a text file, not a Device OS module", genuine};
}

foreign_kind foreign_recognise(span file)
{
    span sample = span_slice(file, 0, SAMPLE);
    if (!sample.size)
        return (foreign_kind){"the file is empty", again};
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (begins_with(sample, magics[i].bytes, magics[i].size))
            return (foreign_kind){magics[i].what, *magics[i].hint};
    if (sample.data[0] == '<' && is_text(sample))
        return (foreign_kind){"this is a web page or XML text, not a Device OS module",
                              "a server's error page was saved in its place: get the file again"};
    if (is_text(sample))
        return recognise_text(sample);
    if (sample.size > 16 && is_filled(sample))
        return (foreign_kind){"the file begins with nothing but one byte over and over: no Device "
                              "OS module header found at any known place",
                              again};
    if (is_machine_code(sample))
        return (foreign_kind){"this is raw machine code: no Device OS module header found at any "
                              "known place",
                              genuine};
    return (foreign_kind){"no Device OS module header found at any known place", genuine};
}

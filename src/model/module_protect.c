/*
 * Makes and recognises protected bootloaders.
 *
 * Whether a board may be given one is not decided here. Invariant: everything but the suffix stays
 * as it was; the extension stands first in the suffix, and on nRF52840, whose product data are raw
 * bytes, END stands between (binary-version-reader lib/moduleEncoding.js; the device reads it from
 * the suffix of the installed bootloader).
 */
#include "model/module_protect.h"

#include "model/module_parts.h"

enum {
    DER_SEQUENCE = 0x30,
    DER_LONG_LENGTH = 0x80,
    SUFFIX_MAX = UINT16_MAX
};

bool module_read_security(const module *parsed, security_mode *security)
{
    const module_extension *extension = module_find_extension(parsed, EXTENSION_SECURITY_MODE);
    return extension && !extension->in_prefix && extension_read_security(extension, security);
}

bool module_is_protected(const module *parsed)
{
    security_mode security;
    return module_read_security(parsed, &security) && security.mode == SECURITY_MODE_PROTECTED;
}

/** Whether the bytes are one DER sequence, its length neither short nor long of them. */
static bool is_der_sequence(span bytes)
{
    size_t header = 2, size = 0;
    if (bytes.size < header || bytes.data[0] != DER_SEQUENCE)
        return false;
    size_t digits = bytes.data[1] & (DER_LONG_LENGTH - 1);
    if (!(bytes.data[1] & DER_LONG_LENGTH))
        return bytes.size - header == digits;
    if (!digits || digits > sizeof(uint32_t) || bytes.size - header < digits)
        return false;
    for (size_t i = 0; i < digits; i++)
        size = size << 8 | bytes.data[header + i];
    return bytes.size - header - digits == size;
}

static osb_status check_bootloader(const module *plain, const char *name, osb_error *error)
{
    const unsigned opaque = MODULE_COMPRESSED | MODULE_COMBINED | MODULE_ENCRYPTED;
    if (plain->slot.function != MODULE_BOOTLOADER || plain->slot.index != 0)
        return osb_fail(error, OSB_ERR_REFUSED, name, "give a bootloader",
                        "only bootloader/0 can be protected");
    if (plain->flags & opaque)
        return osb_fail(error, OSB_ERR_REFUSED, name, "give the bootloader as it was released",
                        "a compressed, combined or encrypted one cannot be protected");
    if (plain->suffix_size == MODULE_SUFFIX_SIZE)
        return osb_fail(error, OSB_ERR_REFUSED, name, "use a bootloader of Device OS 6 or later",
                        "it is older than protection");
    return OSB_OK;
}

osb_status module_protect(const module *plain, const char *name, span certificate, buf *file,
                          osb_error *error)
{
    module_parts parts;
    security_mode security = {SECURITY_MODE_PROTECTED, certificate};
    BUF_OWNED added = buf_make(SUFFIX_MAX);
    BUF_OWNED suffix = buf_make(SUFFIX_MAX);
    TRY(check_bootloader(plain, name, error));
    if (certificate.size > SUFFIX_MAX / 2 || (certificate.size && !is_der_sequence(certificate)))
        return osb_fail(error, OSB_ERR_USAGE, name, "give an X.509 certificate in DER form",
                        "the certificate is not one DER sequence of at most 32 KB");
    TRY(module_take_apart(plain, name, &parts, error));
    extension_append_security(&added, &security);
    TRY(module_replace_in_suffix(plain, &parts, EXTENSION_SECURITY_MODE, buf_span(&added), &suffix,
                                 error));
    parts.suffix_extensions = buf_span(&suffix);
    return module_assemble(&parts, file, error);
}

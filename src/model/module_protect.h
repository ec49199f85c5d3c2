#pragma once
/**
 * Protected bootloaders: an ordinary one with SECURITY_MODE in its suffix. A board that starts one
 * allows no debugger and no foreign firmware from then on (Device OS 6.0.0 and later).
 */
#include "model/module.h"
#include "model/module_extension.h"

/** What a module says of its protection. False: nothing, it is an ordinary one. */
bool module_read_security(const module *parsed, security_mode *security);
/** Whether it switches protection on. */
bool module_is_protected(const module *parsed);

/**
 * Appends the protected form of a bootloader; one that is protected already gets the certificate
 * given here in place of its own.
 * @param certificate DER; empty for none
 * @return OSB_ERR_REFUSED for anything but bootloader/0, for a packed or encrypted one, and for one
 *         without product data, which are older than protection; OSB_ERR_USAGE for a certificate
 *         that is no DER sequence
 */
osb_status module_protect(const module *plain, const char *name, span certificate, buf *file,
                          osb_error *error) OSB_MUST_CHECK;

/*
 * Releases for protected boards: in service mode they take a bootloader only when it protects them
 * too, and none is released like that.
 *
 * The protected form is made from the release's own file, without a certificate, as the vendor's
 * command line does. Invariant: it is in the cache like every other file, and made anew it is the
 * same, so that a resume finds it.
 */
#include "osbundle_request.h"

#include <string.h>

#include "base/text.h"
#include "model/module_protect.h"

static release_module *find_bootloader(release *set)
{
    for (size_t i = 0; i < set->module_count; i++)
        if (slot_equal(set->modules[i].slot, (module_slot){MODULE_BOOTLOADER, 0}))
            return &set->modules[i];
    return NULL;
}

/** The protected form in the place of the file it is made from. */
static osb_status take_protected(request *work, span file, release_module *entry, osb_error *error)
{
    const release_module plain = *entry;
    uint8_t digest[SHA256_SIZE];
    module parsed;
    TRY(module_parse(file, plain.file, &parsed, error));
    release_module_from(entry, &parsed, plain.file, NULL);
    entry->synthetic = plain.synthetic;
    memcpy(entry->made_from, plain.sha256, SHA256_SIZE);
    osb_status status = cas_publish(work->context->store, file, digest, error);
    return work->log ? status : OSB_OK; /* a plan alone is content without */
}

osb_status request_protect(request *work, release *set, osb_error *error)
{
    release_module *entry = find_bootloader(set);
    BUF_OWNED content = buf_make(MODULE_FILE_MAX);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    module plain;
    if (work->state.guard != PROTECTION_SERVICE || !entry || entry->protects)
        return OSB_OK;
    TRY(cas_read(work->context->store, entry->sha256, &content, error));
    TRY(module_parse(buf_span(&content), entry->file, &plain, error));
    osb_status status = module_protect(&plain, entry->file, (span){0}, &file, error);
    if (status == OSB_ERR_REFUSED)
        return OSB_OK; /* too old for it: the plan says so */
    TRY(status);
    return take_protected(work, buf_span(&file), entry, error);
}

/*
 * What is doubtful about a bundle: assets that are missing, others than wanted, or not wanted.
 *
 * Findings only; whether one of them stops anything is decided by who asks. Invariant: every asset
 * that the application wants or the bundle holds is looked at once, so no doubt hides another.
 */
#include "model/bundle_check.h"

#include <string.h>

#include "base/text.h"
#include "model/asset_needs.h"

static const bundle_asset *find_asset(const bundle *opened, const char *name)
{
    for (size_t i = 0; i < opened->asset_count; i++) {
        if (text_equal(opened->assets[i].item.name, name))
            return &opened->assets[i];
    }
    return NULL;
}

static bool is_wanted(const asset_need *needs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(needs[i].name, name))
            return true;
    }
    return false;
}

/** Whether something is wrong with what an application wants, and what. */
static bool judge_need(const bundle *opened, const asset_need *need, bundle_finding_kind *kind)
{
    const bundle_asset *found = find_asset(opened, need->name);
    if (!found)
        *kind = BUNDLE_ASSET_MISSING;
    else if (!need->checkable)
        *kind = BUNDLE_ASSET_UNCHECKABLE;
    else
        *kind = BUNDLE_ASSET_MISMATCH;
    return *kind != BUNDLE_ASSET_MISMATCH || memcmp(found->item.sha256, need->sha256, SHA256_SIZE);
}

/** Whether a Device OS satisfies the application that keeps no assets for it. */
static bool accepts_old_system(const module *application)
{
    for (size_t i = 0; i < 2; i++) {
        const module_dependency *need = &application->dependencies[i];
        if (need->slot.function == MODULE_SYSTEM_PART)
            return need->version < BUNDLE_SYSTEM_LEAST;
    }
    return true;
}

osb_status bundle_find_doubts(bundle *opened, arena *memory, osb_error *error)
{
    const asset_need *needs;
    size_t count;
    TRY(asset_needs_list(&opened->application, opened->application_file->name, memory, &needs,
                         &count, error));
    bundle_finding *found = arena_take(memory, count + opened->asset_count + 1, sizeof *found);
    if (!found)
        return osb_fail_memory(error);
    opened->findings = found;
    if (count && accepts_old_system(&opened->application))
        found[opened->finding_count++] = (bundle_finding){.kind = BUNDLE_SYSTEM_TOO_OLD};
    for (size_t i = 0; i < count; i++) {
        bundle_finding doubt = {.asset = needs[i].name};
        if (judge_need(opened, &needs[i], &doubt.kind))
            found[opened->finding_count++] = doubt;
    }
    for (size_t i = 0; i < opened->asset_count; i++) {
        const char *name = opened->assets[i].item.name;
        if (!is_wanted(needs, count, name))
            found[opened->finding_count++] =
                (bundle_finding){.kind = BUNDLE_ASSET_SURPLUS, .asset = name};
    }
    return OSB_OK;
}

const char *bundle_finding_name(bundle_finding_kind kind)
{
    switch (kind) {
    case BUNDLE_ASSET_MISSING:
        return "asset_missing";
    case BUNDLE_ASSET_MISMATCH:
        return "asset_mismatch";
    case BUNDLE_ASSET_SURPLUS:
        return "asset_surplus";
    case BUNDLE_ASSET_UNCHECKABLE:
        return "asset_uncheckable";
    case BUNDLE_SYSTEM_TOO_OLD:
        return "system_too_old";
    }
    return "unknown";
}

/** Why a finding stops a board from getting what its application wants; NULL when it does not. */
static const char *obstacle(bundle_finding_kind kind)
{
    switch (kind) {
    case BUNDLE_ASSET_MISSING:
        return "the application wants this asset, but the bundle does not hold it";
    case BUNDLE_ASSET_MISMATCH:
        return "this asset is not the one that the application was built with";
    case BUNDLE_ASSET_UNCHECKABLE:
        return "the application names this asset by a hash that is not known here";
    case BUNDLE_ASSET_SURPLUS:
    case BUNDLE_SYSTEM_TOO_OLD:
        return NULL;
    }
    return NULL;
}

osb_status bundle_require_assets(const bundle *opened, const char *name, osb_error *error)
{
    for (size_t i = 0; i < opened->finding_count; i++) {
        const char *why = obstacle(opened->findings[i].kind);
        char subject[sizeof error->subject];
        if (!why)
            continue;
        text_format(subject, sizeof subject, "%s: %s", name, opened->findings[i].asset);
        return osb_fail(error, OSB_ERR_INTEGRITY, subject,
                        "make the bundle again from the application and its assets folder", "%s",
                        why);
    }
    return OSB_OK;
}

/*
 * Opens shared libraries at run time.
 *
 * Knows none of them; who needs one describes it. Invariant: a table that was filled stays good for
 * the life of the process, since nothing opened here is ever unloaded.
 */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

#include "base/text.h"

static osb_status missing(const library *wanted, osb_error *error)
{
    const char *why = dlerror();
    size_t known = strlen(wanted->soname);
    /* The system's text often begins with the name that stands before it anyway. */
    if (why && text_starts_with(why, wanted->soname) && text_starts_with(why + known, ": "))
        why += known + 2;
    osb_fail(error, OSB_ERR_INTERNAL, wanted->soname, NULL,
             "needed for %s, but it cannot be used%s%s", wanted->purpose, why ? ": " : "",
             why ? why : "");
    osb_error_set_hint(error, "install the Debian package %s", wanted->package);
    return OSB_ERR_INTERNAL;
}

osb_status library_open(const library *wanted, void *table, osb_error *error)
{
    void *handle = dlopen(wanted->soname, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle)
        return missing(wanted, error);
    for (size_t i = 0; i < wanted->function_count; i++) {
        const library_function *function = &wanted->functions[i];
        void *address = dlsym(handle, function->name);
        if (!address)
            return missing(wanted, error);
        memcpy((char *)table + function->offset, &address, sizeof address);
    }
    return OSB_OK;
}

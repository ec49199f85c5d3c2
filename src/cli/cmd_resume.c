/*
 * resume: finishes what an interrupted restore began, to the very same files.
 */
#include "cli/apply.h"

osb_status cmd_resume(cli *self, osb_error *error)
{
    const options *words = self->words;
    const char *device = words->arguments.count ? words->arguments.items[0] : words->device;
    JSON_OWNED *report = NULL;
    osb_status status =
        osb_resume(self->context, device, apply_choose_confirm(self), &report, error);
    return apply_finish(self, report, status, error);
}

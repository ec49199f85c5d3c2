/*
 * resume: finishes what an interrupted restore began, to the very same files.
 */
#include "cli/apply.h"
#include "cli/boards.h"

osb_status cmd_resume(cli *self, osb_error *error)
{
    const options *words = self->words;
    const char *device = words->arguments.count ? words->arguments.items[0] : words->device;
    JSON_OWNED *report = NULL;
    TRY(boards_check_device(words, device, error));
    if (words->all) {
        const osb_fleet boards = apply_fleet(self);
        osb_status worst =
            osb_resume_all(self->context, &boards, apply_choose_confirm(self), &report, error);
        return apply_finish_all(self, report, worst, error);
    }
    osb_status status =
        osb_resume(self->context, device, apply_choose_confirm(self), &report, error);
    return apply_finish(self, report, status, error);
}

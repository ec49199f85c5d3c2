/*
 * Whether a module may ever be flashed to a platform: the rules that no option overrides.
 *
 * They protect the board itself. Rules of a moment - protection, downgrades, order - are the
 * planner's. Invariant: every refusal says which fact is in the way and what would do instead.
 */
#include "model/platform.h"

#include "base/text.h"

typedef struct question {
    const platform *board;
    const platform_slot *slot;
    const module *candidate;
    const char *name;
    osb_error *error;
} question;

#define REFUSE(asked, hint, ...)                                                                   \
    osb_fail((asked)->error, OSB_ERR_REFUSED, (asked)->name, (hint), __VA_ARGS__)

static osb_status check_platform(const question *asked)
{
    const module *candidate = asked->candidate;
    if (candidate->platform_id == asked->board->id)
        return OSB_OK;
    char hint[160];
    text_format(hint, sizeof hint, "use the file that was built for %s (platform %u)",
                asked->board->display_name, asked->board->id);
    return REFUSE(asked, hint, "it was built for platform %u, this board is %s (platform %u)",
                  candidate->platform_id, asked->board->name, asked->board->id);
}

static osb_status check_slot(question *asked)
{
    const module *candidate = asked->candidate;
    char slot[MODULE_SLOT_TEXT];
    slot_text(candidate->slot, slot);
    asked->slot = platform_find_slot(asked->board, candidate->slot);
    if (!asked->slot)
        return REFUSE(asked, "check that this is the file you mean", "%s is no slot of %s", slot,
                      asked->board->display_name);
    if (asked->slot->route == ROUTE_NEVER)
        return REFUSE(asked, "leave this file out; the board keeps the one it was made with",
                      "%s is never flashed: it %s", asked->slot->name, asked->slot->reason);
    return OSB_OK;
}

/** What the flags promise must be what this slot's route does. */
static osb_status check_flags(const question *asked)
{
    const module *candidate = asked->candidate;
    const unsigned packed = MODULE_COMPRESSED | MODULE_COMBINED;
    bool drops_prefix = candidate->flags & MODULE_DROP_INFO;
    if (candidate->flags & MODULE_ENCRYPTED)
        return REFUSE(asked, "use the file of a public release",
                      "it is encrypted for a chip, so nobody can tell what it would do here");
    if (candidate->flags & packed)
        return REFUSE(asked, "use the plain module file",
                      "it is packed for an update over the air (%s)",
                      candidate->flags & MODULE_COMPRESSED ? "compressed" : "combined");
    if (asked->slot->route == ROUTE_DFU && drops_prefix != (asked->slot->flash_offset != 0))
        return REFUSE(asked, "use the file of a public release",
                      drops_prefix ? "its header says to leave the prefix out, but %s needs it"
                                   : "its header keeps the prefix, which %s must not have",
                      asked->slot->name);
    return OSB_OK;
}

static osb_status check_target(const question *asked)
{
    const uint8_t any = 0xff;
    uint8_t target = asked->candidate->mcu_target;
    bool for_ncp = asked->candidate->slot.function == MODULE_NCP_FIRMWARE;
    uint8_t fitted = for_ncp ? asked->board->ncp_mcu_target : 0;
    if (target == fitted || (target == any && !for_ncp))
        return OSB_OK;
    return REFUSE(asked, "check that this is the file you mean",
                  "it runs on chip 0x%02x, which is not what %s has in that place", target,
                  asked->board->display_name);
}

static bool start_is_allowed(const platform_slot *slot, const module *candidate)
{
    if (slot->grows_left)
        return candidate->start >= slot->start &&
               (uint64_t)candidate->start + candidate->image.size == slot->end;
    if (!slot->image_start_count)
        return candidate->start == slot->start;
    for (size_t i = 0; i < slot->image_start_count; i++) {
        if (candidate->start == slot->image_starts[i])
            return true;
    }
    return false;
}

static osb_status check_region(const question *asked)
{
    const module *candidate = asked->candidate;
    const platform_slot *slot = asked->slot;
    uint64_t end = (uint64_t)candidate->start + candidate->image.size;
    if (candidate->prefix_offset != slot->prefix_offset)
        return REFUSE(asked, "use the file of a public release",
                      "its header stands at 0x%x, %s looks for it at 0x%x",
                      candidate->prefix_offset, asked->board->display_name, slot->prefix_offset);
    if (!slot->grows_left && end > slot->end && start_is_allowed(slot, candidate))
        return REFUSE(asked, "a smaller module is needed",
                      "it is too large: %llu bytes from 0x%08x, %s ends at 0x%08x",
                      (unsigned long long)candidate->image.size, candidate->start, slot->name,
                      slot->end);
    if (!start_is_allowed(slot, candidate))
        return REFUSE(asked, "check that this is the file you mean",
                      "it belongs at 0x%08x to 0x%08llx, which is not where %s may be (0x%08x to "
                      "0x%08x)",
                      candidate->start, (unsigned long long)end, slot->name, slot->start,
                      slot->end);
    return OSB_OK;
}

/** Assets carry no platform and stand in no slot: the board stores them for its application. */
static osb_status check_asset(const question *asked)
{
    switch (asked->board->mcu) {
    case MCU_STM32F2:
        return REFUSE(asked, "leave the assets out", "%s keeps no assets",
                      asked->board->display_name);
    case MCU_NRF52840:
    case MCU_RTL872X:
        return OSB_OK;
    }
    return OSB_OK;
}

osb_status platform_accepts(const platform *board, const module *candidate, const char *name,
                            osb_error *error)
{
    question asked = {board, NULL, candidate, name, error};
    if (candidate->slot.function == MODULE_ASSET)
        return check_asset(&asked);
    TRY(check_platform(&asked));
    TRY(check_slot(&asked));
    TRY(check_flags(&asked));
    TRY(check_target(&asked));
    return check_region(&asked);
}

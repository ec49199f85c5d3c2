/*
 * The second check: replays the finished plan against the board's own rules.
 *
 * Starts from the snapshot again and trusts nothing that the other rooms worked out: the board
 * looks at one level of needs only, at the mode it is in and at its own bounds (module-format 12).
 * Invariant: a plan whose replay fails at any step becomes a refusal that names the step.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/solve.h"
#include "model/solve_facts.h"

static const module_slot bootloader = {MODULE_BOOTLOADER, 0};

/** The board between two steps. */
typedef struct replay {
    solver *work;
    const platform *board;
    size_t number; /**< of the step, from 1 */
    bool in_dfu;
    bool in_service;    /**< protected, with its protection overridden for a while */
    bool system_is_new; /**< written by the plan: not what the bootloader has started before */
    bool all_known;     /**< what is not in the list is absent */
    bool flash_read; /**< some system part was read in DFU mode: others that were not are not there
                      */
    const release_module *staged; /**< waits for the flag and the next start */
    bool flagged;
    size_t count;
    solve_module modules[SNAPSHOT_MODULES_MAX + RELEASE_MODULES_MAX + PLAN_FILES_MAX];
} replay;

static void reject(replay *self, const plan_step *step, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void reject(replay *self, const plan_step *step, const char *format, ...)
{
    char why[PLAN_TEXT], slot[MODULE_SLOT_TEXT] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    if (step->slot)
        slot_text(step->slot->slot, slot);
    solve_refuse(self->work, "step %zu (%s%s%s) would not work: %.160s", self->number,
                 step_operation_name(step->operation), slot[0] ? " " : "", slot, why);
}

static solve_module *find(replay *self, module_slot slot)
{
    for (size_t i = 0; i < self->count; i++)
        if (slot_equal(self->modules[i].slot, slot))
            return &self->modules[i];
    return NULL;
}

static uint16_t version_of(replay *self, module_slot slot)
{
    const solve_module *module = find(self, slot);
    return module ? module->version : 0;
}

static uint16_t running_system(replay *self)
{
    return version_of(self, (module_slot){MODULE_SYSTEM_PART, 1});
}

static bool is_met(replay *self, module_dependency need)
{
    const solve_module *module = find(self, need.slot);
    return module ? module->version >= need.version : !self->all_known;
}

static void begin(replay *self, solver *work)
{
    const snapshot *state = work->state;
    *self = (replay){.work = work,
                     .board = state->board,
                     .in_dfu = state->mode == MODE_DFU,
                     .in_service = state->guard == PROTECTION_SERVICE,
                     .flagged = state->settings[SETTING_UPDATE_FLAG] == SETTING_STATE_SET,
                     .all_known = state->modules_known,
                     .flash_read = state->mode == MODE_DFU && !state->flash_unread};
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *entry = &state->modules[i];
        if (entry->store != STORE_MAIN)
            continue;
        solve_module *module = &self->modules[self->count++];
        module->slot = entry->slot;
        module->version = entry->version;
        module->end = fact_end(state->board, entry->slot, entry->size);
        module->dependency_count = entry->dependency_count;
        memcpy(module->dependencies, entry->dependencies, sizeof entry->dependencies);
    }
}

static void forget(replay *self, module_slot slot)
{
    solve_module *module = find(self, slot);
    if (module)
        *module = self->modules[--self->count];
}

static const release_module *module_of(const solver *work, const plan_step *step)
{
    for (size_t i = 0; i < work->slot_count; i++)
        if (slot_equal(work->slots[i].wanted->slot, step->slot->slot))
            return work->slots[i].wanted;
    return NULL;
}

static void put(replay *self, const release_module *written)
{
    solve_module *module = find(self, written->slot);
    if (!module)
        module = &self->modules[self->count++];
    *module = (solve_module){.slot = written->slot,
                             .version = written->version,
                             .end = written->size ? written->start + written->size : 0};
    for (size_t i = 0; i < 2; i++)
        if (written->dependencies[i].slot.function != MODULE_NONE)
            module->dependencies[module->dependency_count++] = written->dependencies[i];
}

/** The board's one level of needs, its gaps included (module-format 12, quirks 4 and 5). */
static void check_needs(replay *self, const plan_step *step, const release_module *written)
{
    for (size_t i = 0; i < 2; i++) {
        module_dependency need = written->dependencies[i];
        char slot[MODULE_SLOT_TEXT];
        if (need.slot.function == MODULE_NONE ||
            (i == 1 && need.slot.function == MODULE_BOOTLOADER))
            return;
        slot_text(need.slot, slot);
        if (!is_met(self, need))
            reject(self, step, "the board will ask for %s >= %u and have %u then", slot,
                   need.version, version_of(self, need.slot));
    }
}

/** No other system part may be left with a need of a newer one (module-format 12.6). */
static void check_others(replay *self, const plan_step *step, const release_module *written)
{
    for (size_t i = 0; i < self->count; i++) {
        const solve_module *other = &self->modules[i];
        char slot[MODULE_SLOT_TEXT];
        slot_text(other->slot, slot);
        for (size_t d = 0; d < other->dependency_count; d++)
            if (written->slot.function == MODULE_SYSTEM_PART &&
                other->slot.function == MODULE_SYSTEM_PART &&
                !slot_equal(other->slot, written->slot) &&
                slot_equal(other->dependencies[d].slot, written->slot) &&
                other->dependencies[d].version > written->version)
                reject(self, step, "%s %u on the board needs %u or newer there", slot,
                       other->version, other->dependencies[d].version);
    }
}

/**
 * A 128K application wins over a 256K one. Only newer bootloaders take it away when they put the
 * other in place; in DFU mode the plan does.
 */
static void check_former_application(replay *self, const plan_step *step,
                                     const release_module *written)
{
    uint16_t loads = version_of(self, bootloader);
    if (self->board->former_user_part && written->slot.function == MODULE_USER_PART &&
        written->slot.index == 2 && find(self, (module_slot){MODULE_USER_PART, 1}) &&
        !fact_clears_former_user_part(loads))
        reject(self, step,
               "the 128K application on the board would stay and win: bootloader/0 %u does not "
               "take it away, as those from 1100 on do; use DFU mode",
               loads);
}

/** A new system that the bootloader does not find leaves the board in DFU mode. */
static void check_found(replay *self, const plan_step *step)
{
    uint16_t loads = version_of(self, bootloader), system = running_system(self);
    if (!fact_finds_system(self->board, loads, system))
        reject(self, step,
               "bootloader/0 %u may not find system_part/1 %u: below 3002 it looks at 0x30000",
               loads, system);
}

/** A bootloader stage that starts without what it needs leaves nothing that USB could reach. */
static void check_boot_chain(replay *self, const plan_step *step, const release_module *written)
{
    if (written->slot.function != MODULE_BOOTLOADER)
        return; /* as it was */
    for (size_t i = 0; i < self->count; i++) {
        const solve_module *stage = &self->modules[i];
        for (size_t d = 0; d < stage->dependency_count; d++) {
            module_dependency need = stage->dependencies[d];
            if (stage->slot.function == MODULE_BOOTLOADER &&
                need.slot.function == MODULE_BOOTLOADER && !is_met(self, need))
                reject(self, step, "bootloader/%u %u would start with bootloader/%u %u, below %u",
                       stage->slot.index, stage->version, need.slot.index,
                       version_of(self, need.slot), need.version);
        }
    }
}

static void check_critical(replay *self, const plan_step *step)
{
    if (step->slot->slot.function == MODULE_BOOTLOADER && !step->critical &&
        !fact_power_safe(self->board, version_of(self, step->slot->slot)))
        reject(self, step, "a power cut in it may be fatal, and it is not marked so");
}

/** A system that is there starts after a power cut, and crashes with half a radio stack. */
static void check_radio_stack(replay *self, const plan_step *step)
{
    if (step->slot->slot.function == MODULE_RADIO_STACK && running_system(self) && !step->critical)
        reject(self, step, "a power cut in it would leave a system that crashes at every start");
}

/** An update by the board leaves a header standing that DFU mode would have blanked. */
static void check_left_behind(replay *self, const plan_step *step, const release_module *written)
{
    const solve_module *now = find(self, written->slot);
    if (now && fact_system_start(step->slot, now->version) <
                   fact_system_start(step->slot, written->version))
        reject(self, step, "the newer system's header before it would stay and win; use DFU mode");
}

/**
 * What a protected board takes in service mode must leave it protected (usb-protocol 3.5). Of a
 * release's bootloader the protected form is made; a file that the user named is taken as it is.
 */
static void check_protection(replay *self, const plan_step *step, const release_module *written)
{
    if (self->in_service && slot_equal(written->slot, bootloader) &&
        solve_is_named(self->work, bootloader) && !written->protects)
        reject(self, step,
               "the board is protected and takes only a bootloader that protects it (-1801), and "
               "%.80s does not",
               written->file);
}

static void replay_control(replay *self, const plan_step *step, const release_module *written)
{
    uint16_t system = running_system(self);
    if (self->in_dfu)
        reject(self, step, "a board in DFU mode takes no control requests");
    if (!fact_takes_module(self->board, written->slot, system))
        reject(self, step, "system_part/1 %u does not take it on a control request", system);
    check_protection(self, step, written);
    check_needs(self, step, written);
    check_others(self, step, written);
    check_critical(self, step);
    check_left_behind(self, step, written);
    check_former_application(self, step, written);
    put(self, written);
    check_boot_chain(self, step, written);
    if (written->slot.function == MODULE_SYSTEM_PART)
        check_found(self, step);
}

static bool lies_inside(const plan_step *step)
{
    const platform_slot *place = step->slot;
    return step->address >= place->start && step->address < place->end &&
           step->bytes <= place->end - step->address;
}

static void replay_dfu(replay *self, const plan_step *step, const release_module *written)
{
    if (!self->in_dfu)
        reject(self, step, "the board is not in DFU mode then");
    if (step->slot->slot.function == MODULE_BOOTLOADER)
        reject(self, step, "the bootloader cannot overwrite itself");
    if (!lies_inside(step))
        reject(self, step, "0x%08x and %u bytes from there are not inside its region",
               step->address, step->bytes);
    check_radio_stack(self, step);
    self->system_is_new |= written->slot.function == MODULE_SYSTEM_PART;
    put(self, written);
}

/** One place only counts: where the system that starts next looks. */
static void replay_staged(replay *self, const plan_step *step, const release_module *written)
{
    const solve_module *system = find(self, (module_slot){MODULE_SYSTEM_PART, 1});
    uint32_t address;
    if (!self->in_dfu)
        reject(self, step, "the board is not in DFU mode then");
    if (step->slot->slot.function != MODULE_BOOTLOADER)
        reject(self, step, "only bootloaders are staged");
    if (self->in_service)
        reject(self, step, "in service mode DFU does not reach the staging region");
    if (self->staged || self->flagged)
        reject(self, step, "another module is staged, or the flag is set");
    if (!system ||
        !platform_staging(self->board, system->version, system->end, written->size, &address) ||
        address != step->address)
        reject(self, step, "the system that starts next does not look at 0x%08x", step->address);
    self->staged = written;
}

static void replay_setting(replay *self, const plan_step *step)
{
    bool sets = step->value == UPDATE_FLAG_SET;
    if (self->in_dfu != (step->via == ROUTE_DFU))
        reject(self, step, "the board is in the other mode then");
    if (step->via == ROUTE_CONTROL && (step->setting != SETTING_SETUP_DONE ||
                                       !fact_waits_for_setup(self->board, running_system(self))))
        reject(self, step, "system_part/1 %u does not change it", running_system(self));
    if (step->setting == SETTING_UPDATE_FLAG && sets && !self->staged)
        reject(self, step, "nothing is staged then");
    if (step->setting == SETTING_UPDATE_FLAG)
        self->flagged = sets;
}

/** What the start does with a staged module: the board's own checks, then the copy. */
static void replay_start(replay *self, const plan_step *step)
{
    const release_module *staged = self->staged;
    if (self->flagged != (staged != NULL))
        reject(self, step, "the update flag does not go with what is staged");
    self->staged = NULL;
    self->flagged = false;
    if (!staged)
        return;
    check_needs(self, step, staged);
    if (!step->critical && !fact_power_safe(self->board, version_of(self, staged->slot)))
        reject(self, step, "a power cut in it may be fatal, and it is not marked so");
    put(self, staged);
    check_boot_chain(self, step, staged);
}

static void replay_write(replay *self, const plan_step *step)
{
    const release_module *written = module_of(self->work, step);
    if (!written) {
        reject(self, step, "nobody asked for it");
        return;
    }
    switch (step->via) {
    case ROUTE_CONTROL:
        replay_control(self, step, written);
        return;
    case ROUTE_DFU:
        replay_dfu(self, step, written);
        return;
    case ROUTE_STAGED:
        replay_staged(self, step, written);
        return;
    case ROUTE_NEVER:
        reject(self, step, "no road leads there");
        return;
    }
}

/** Blanking may leave the board without a system: it falls back to DFU mode, and is there now. */
static void replay_blank(replay *self, const plan_step *step)
{
    if (!self->in_dfu)
        reject(self, step, "the board is not in DFU mode then");
    if (!lies_inside(step))
        reject(self, step, "0x%08x is not inside its region", step->address);
    if (self->in_service && step->slot->slot.function == MODULE_SYSTEM_PART)
        reject(self, step,
               "in service mode a protected board lets no system be blanked, so the newer one "
               "would win");
    forget(self, step->slot->slot);
}

/** Whether a system part that this board must have is known not to be there. */
static bool lacks_system(replay *self)
{
    for (size_t i = 0; i < self->board->slot_count; i++) {
        const platform_slot *place = &self->board->slots[i];
        bool seen = self->all_known || (self->flash_read && place->route == ROUTE_DFU);
        if (place->slot.function == MODULE_SYSTEM_PART && place->required && seen &&
            !find(self, place->slot))
            return true;
    }
    return false;
}

static void replay_step(replay *self, const plan_step *step)
{
    switch (step->operation) {
    case STEP_WRITE:
        replay_write(self, step);
        return;
    case STEP_INVALIDATE:
        replay_blank(self, step);
        return;
    case STEP_MODE:
        if (self->in_dfu || !fact_takes_control(self->board, running_system(self)))
            reject(self, step, "the board does not enter DFU mode on request then");
        self->in_dfu = true;
        return;
    case STEP_BOOT:
        if (!self->in_dfu || lacks_system(self))
            reject(self, step, "there is no whole system to start");
        if (self->system_is_new)
            check_found(self, step);
        self->in_dfu = false;
        replay_start(self, step);
        return;
    case STEP_SETTINGS:
        replay_setting(self, step);
        return;
    }
}

void solve_accept(solver *work)
{
    replay self;
    begin(&self, work);
    for (size_t i = work->first_step; i < work->result->step_count && !work->result->refusal_count;
         i++) {
        self.number = i + 1;
        replay_step(&self, &work->result->steps[i]);
    }
    if (self.in_dfu && work->result->step_count > work->first_step && !work->result->refusal_count)
        solve_refuse(work, "the plan would leave the board in DFU mode");
}

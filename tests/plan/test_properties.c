/*
 * What must hold of every plan, tried on 100,000 random boards and releases with a fixed seed.
 *
 * The board here is written from module-format 12 and knows nothing of the planner: it follows the
 * steps one by one, refuses what a board would refuse, and must be reachable after each.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "random_board.h"

enum {
    TASKS = 100000,
    WAYS = 5,     /* of every such refusal another way is looked for, */
    ADVISED = 25, /* and why of every such one */
    FINDINGS_SHOWN = 5
};

/** A board that follows a plan. */
typedef struct follower {
    const random_task *task;
    snapshot state; /**< what it has now; `mode` is MODE_DFU or not */
    const release_module *staged;
    bool flagged;
    char problem[200];
} follower;

typedef struct statistics {
    size_t planned, refused, empty, looks, ways, steps, failed;
} statistics;

static const module_slot bootloader = {MODULE_BOOTLOADER, 0};

static snapshot_module *have(snapshot *state, module_slot slot)
{
    for (size_t i = 0; i < state->module_count; i++)
        if (slot_equal(state->modules[i].slot, slot))
            return &state->modules[i];
    return NULL;
}

static uint16_t version_in(snapshot *state, uint8_t function, uint8_t index)
{
    const snapshot_module *entry = have(state, (module_slot){function, index});
    return entry ? entry->version : 0;
}

static bool satisfied(snapshot *state, module_dependency need)
{
    const snapshot_module *entry = have(state, need.slot);
    return entry ? entry->version >= need.version : !state->modules_known;
}

static void drop(snapshot *state, module_slot slot)
{
    snapshot_module *entry = have(state, slot);
    if (entry)
        *entry = state->modules[--state->module_count];
}

static void install(snapshot *state, const release_module *file)
{
    if (file->slot.function == MODULE_USER_PART && state->board->former_user_part)
        drop(state, (module_slot){MODULE_USER_PART, file->slot.index == 1 ? 2 : 1});
    snapshot_module *entry = have(state, file->slot);
    if (!entry)
        entry = &state->modules[state->module_count++];
    *entry = (snapshot_module){.slot = file->slot,
                               .version = file->version,
                               .has_identity = true,
                               .checked = CHECK_INTEGRITY,
                               .passed = CHECK_INTEGRITY};
    memcpy(entry->identity, file->identity, SHA256_SIZE);
    for (size_t d = 0; d < 2; d++)
        if (file->dependencies[d].slot.function != MODULE_NONE)
            entry->dependencies[entry->dependency_count++] = file->dependencies[d];
}

/** The board asks for both needs, but stops at an empty first and ignores a bootloader second. */
static bool board_agrees(snapshot *state, const release_module *file)
{
    const module_dependency *needs = file->dependencies;
    if (needs[0].slot.function == MODULE_NONE)
        return true;
    if (!satisfied(state, needs[0]))
        return false;
    return needs[1].slot.function == MODULE_NONE || needs[1].slot.function == MODULE_BOOTLOADER ||
           satisfied(state, needs[1]);
}

/** The full check of system parts: nobody else's need may be left above what comes in. */
static bool others_agree(snapshot *state, const release_module *file)
{
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *other = &state->modules[i];
        for (size_t d = 0; d < other->dependency_count; d++)
            if (file->slot.function == MODULE_SYSTEM_PART &&
                other->slot.function == MODULE_SYSTEM_PART &&
                !slot_equal(other->slot, file->slot) &&
                slot_equal(other->dependencies[d].slot, file->slot) &&
                other->dependencies[d].version > file->version)
                return false;
    }
    return true;
}

/** 6.1.2 lies where older bootloaders do not look; from 6.2.0 on they find a second header. */
static bool system_is_found(snapshot *state)
{
    uint16_t system = version_in(state, MODULE_SYSTEM_PART, 1);
    return state->board->mcu != MCU_NRF52840 || system < 6102 || system >= 6200 ||
           version_in(state, MODULE_BOOTLOADER, 0) >= 3002;
}

/** Why an application that comes by control request would not run; NULL: it would. */
static const char *lost_application(snapshot *state, const release_module *file)
{
    uint16_t system = version_in(state, MODULE_SYSTEM_PART, 1);
    uint16_t loads = version_in(state, MODULE_BOOTLOADER, 0);
    if (file->slot.function != MODULE_USER_PART || file->slot.index != 2)
        return NULL;
    if (system && system < 3100)
        return "a 256K application for a system that knows none";
    return have(state, (module_slot){MODULE_USER_PART, 1}) && loads && loads < 1100
               ? "a 128K application left to win"
               : NULL;
}

/** A power cut while this bootloader is replaced ends the board. */
static bool replacing_is_fatal(snapshot *state, module_slot slot)
{
    if (slot.function != MODULE_BOOTLOADER || state->board->mcu == MCU_RTL872X)
        return false;
    return state->board->mcu == MCU_STM32F2 || version_in(state, MODULE_BOOTLOADER, 0) < 1001;
}

static bool stages_fit(snapshot *state)
{
    for (size_t i = 0; i < state->module_count; i++) {
        const snapshot_module *stage = &state->modules[i];
        for (size_t d = 0; d < stage->dependency_count; d++)
            if (stage->slot.function == MODULE_BOOTLOADER &&
                stage->dependencies[d].slot.function == MODULE_BOOTLOADER &&
                !satisfied(state, stage->dependencies[d]))
                return false;
    }
    return true;
}

static const char *follow_control(snapshot *state, const plan_step *step,
                                  const release_module *file)
{
    uint16_t system = version_in(state, MODULE_SYSTEM_PART, 1);
    bool tracker = text_equal(state->board->name, "tracker");
    bool fitted = stages_fit(state);
    if (state->mode == MODE_DFU)
        return "a control update in DFU mode";
    if (state->board->mcu == MCU_STM32F2 && system && system < 2000 &&
        file->slot.function == MODULE_BOOTLOADER)
        return "a control update of the bootloader before 2.0.0";
    if (file->slot.function == MODULE_NCP_FIRMWARE && tracker && system >= 5600)
        return "a co-processor update that is closed";
    if (!board_agrees(state, file) || !others_agree(state, file))
        return "needs that the board finds unmet";
    const char *lost = lost_application(state, file);
    if (lost)
        return lost;
    if (state->guard == PROTECTION_SERVICE && slot_equal(file->slot, bootloader) &&
        !step->release[0] && !file->protects)
        return "a bootloader that leaves a protected board open";
    if (replacing_is_fatal(state, file->slot) && !step->critical)
        return "a fatal moment that is not marked";
    install(state, file);
    if (file->slot.function == MODULE_SYSTEM_PART && !system_is_found(state))
        return "a system that the bootloader does not find";
    return fitted && !stages_fit(state) ? "a boot chain that does not fit" : NULL;
}

static const char *follow_dfu(snapshot *state, const plan_step *step, const release_module *file)
{
    const platform_slot *place = step->slot;
    if (state->mode != MODE_DFU)
        return "a DFU write outside DFU mode";
    if (place->slot.function == MODULE_BOOTLOADER)
        return "a bootloader over itself";
    if (step->address < place->start || step->address + step->bytes > place->end)
        return "a write outside the slot";
    if (place->slot.function == MODULE_RADIO_STACK && !step->critical &&
        have(state, (module_slot){MODULE_SYSTEM_PART, 1}))
        return "half a radio stack under a system that starts";
    install(state, file);
    return NULL;
}

/** The addresses are those of flash_mal.h and core_hal.c, not of the manifests. */
static bool looks_there(snapshot *state, uint32_t address)
{
    uint16_t system = version_in(state, MODULE_SYSTEM_PART, 1);
    const char *name = state->board->name;
    bool large = text_equal(name, "tracker") || text_equal(name, "esomx") ||
                 (text_equal(name, "b5som") && system >= 1513);
    switch (state->board->mcu) {
    case MCU_STM32F2:
        return system >= 1213 && address == 0x080c0000;
    case MCU_NRF52840:
        return system >= 1213 &&
               address == (large                                          ? 0x80689000
                           : system >= 5500 && !text_equal(name, "b5som") ? 0x8024c000
                                                                          : 0x80289000);
    case MCU_RTL872X:
        return system >= 5500 ? address == 0x08300000
                              : system >= 5000 && address > 0x08060000 && address < 0x083e0000;
    }
    return false;
}

static const char *follow_staged(follower *self, const plan_step *step, const release_module *file)
{
    if (self->state.mode != MODE_DFU || self->staged || self->flagged)
        return "staging outside DFU mode, or twice";
    if (self->state.guard == PROTECTION_SERVICE)
        return "staging where service mode does not let DFU";
    if (file->slot.function != MODULE_BOOTLOADER)
        return "something else than a bootloader is staged";
    if (!looks_there(&self->state, step->address))
        return "the system does not look there";
    self->staged = file;
    return NULL;
}

static const char *follow_setting(follower *self, const plan_step *step)
{
    snapshot *state = &self->state;
    uint16_t system = version_in(state, MODULE_SYSTEM_PART, 1);
    state->settings[step->setting] =
        step->value == SETTING_CLEAR ? SETTING_STATE_CLEAR : SETTING_STATE_SET;
    if (step->setting == SETTING_UPDATE_FLAG)
        self->flagged = step->value == UPDATE_FLAG_SET;
    else if (state->board->mcu != MCU_NRF52840 || !system || system >= 4000)
        return "a set-up that nobody waits for";
    if ((state->mode == MODE_DFU) != (step->via == ROUTE_DFU))
        return "a setting in the wrong mode";
    return step->via == ROUTE_CONTROL && step->setting == SETTING_UPDATE_FLAG
               ? "an update flag by control request"
               : NULL;
}

static const char *follow_start(follower *self, const plan_step *step)
{
    snapshot *state = &self->state;
    const release_module *staged = self->staged;
    bool flagged = self->flagged, was_dfu = state->mode == MODE_DFU, fitted = stages_fit(state);
    state->mode = MODE_NORMAL;
    self->staged = NULL;
    self->flagged = false;
    if (!was_dfu)
        return "a start of what runs";
    if (flagged != (staged != NULL))
        return "a flag without a module, or a module without a flag";
    if (!staged)
        return NULL;
    if (!board_agrees(state, staged))
        return "needs of a staged module that the board finds unmet";
    if (replacing_is_fatal(state, staged->slot) && !step->critical)
        return "a fatal start that is not marked";
    install(state, staged);
    return fitted && !stages_fit(state) ? "a boot chain that does not fit" : NULL;
}

static const char *follow(follower *self, const plan_step *step)
{
    snapshot *state = &self->state;
    bool was_dfu = state->mode == MODE_DFU;
    switch (step->operation) {
    case STEP_MODE:
        state->mode = MODE_DFU;
        return was_dfu ? "DFU mode twice" : NULL;
    case STEP_BOOT:
        return follow_start(self, step);
    case STEP_SETTINGS:
        return follow_setting(self, step);
    case STEP_INVALIDATE:
        if (state->guard == PROTECTION_SERVICE && step->slot->slot.function == MODULE_SYSTEM_PART)
            return "blanking a system that service mode protects";
        drop(state, step->slot->slot);
        return was_dfu ? NULL : "blanking outside DFU mode";
    case STEP_WRITE:
        break;
    }
    const release_module *file = task_file(self->task, step);
    if (!file || step->slot->route == ROUTE_NEVER)
        return "a step on no road";
    switch (step->via) {
    case ROUTE_CONTROL:
        return self->task->rules.road == ROAD_DFU ? "a control update against orders"
                                                  : follow_control(state, step, file);
    case ROUTE_DFU:
        return self->task->rules.road == ROAD_CONTROL ? "a DFU write against orders"
                                                      : follow_dfu(state, step, file);
    case ROUTE_STAGED:
        return follow_staged(self, step, file);
    case ROUTE_NEVER:
        break;
    }
    return "a step on no road";
}

static bool same_plan(const plan *a, const plan *b)
{
    bool same = a->step_count == b->step_count && a->refusal_count == b->refusal_count &&
                a->warning_count == b->warning_count && a->after_count == b->after_count &&
                text_equal(a->fingerprint, b->fingerprint);
    for (size_t i = 0; same && i < a->step_count; i++) {
        const plan_step *left = &a->steps[i], *right = &b->steps[i];
        same = left->operation == right->operation && left->slot == right->slot &&
               left->to == right->to && left->address == right->address &&
               left->reason_count == right->reason_count &&
               memcmp(left->reasons, right->reasons, sizeof left->reasons) == 0;
    }
    return same && memcmp(a->refusals, b->refusals, sizeof a->refusals) == 0;
}

/** Follows all steps and compares where that leads with what the plan promises. */
static const char *follow_all(follower *self, const plan *made)
{
    for (size_t i = 0; i < made->step_count; i++) {
        const char *problem = follow(self, &made->steps[i]);
        if (problem) {
            text_format(self->problem, sizeof self->problem, "step %zu: %s", i + 1, problem);
            return self->problem;
        }
        if (made->steps[i].operation == STEP_WRITE && !made->steps[i].reason_count)
            return "a step without a reason";
    }
    if (made->step_count && self->state.mode == MODE_DFU)
        return "left in DFU mode";
    for (size_t i = 0; i < made->after_count; i++) {
        const snapshot_module *now = have(&self->state, made->after[i].slot);
        if (!now || now->version != made->after[i].version)
            return "another end than promised";
    }
    return NULL;
}

/** With the goal reached and every hash known, there is nothing left to do. */
static const char *plan_again(follower *self, plan *again)
{
    policy rules = self->task->rules;
    goal wanted = self->task->wanted;
    rules.full_rewrite = false;
    wanted.via_count = 0;
    if (self->state.mode == MODE_DFU)
        return NULL; /* an empty plan for a board in DFU mode would leave it there */
    solve(&self->state, &wanted, &rules, again);
    if (again->refusal_count)
        return again->refusals[0];
    return again->step_count ? "a second plan is not empty" : NULL;
}

/** A refusal rests on something, and a flag that is offered does help. */
static const char *advise(const random_task *task, const catalog *known, plan *made, plan *again)
{
    static const char offer[] = "it can be done with --allow-downgrade";
    solve_advise(&task->state, &task->wanted, &task->rules, known, made);
    if (!made->fact_count)
        return "a refusal that rests on nothing";
    if (!made->remedy_count || !text_equal(made->remedies[0], offer))
        return NULL;
    policy rules = task->rules;
    char name[VERSION_SIZE];
    rules.allow_downgrade = true;
    solve(&task->state, &task->wanted, &rules, again);
    bool helps =
        !again->refusal_count || solve_via(&task->state, &task->wanted, &rules, known, name);
    return !task->rules.allow_downgrade && helps ? NULL : "a remedy that does not help";
}

static const char *judge(const random_task *task, const plan *made, plan *again)
{
    static follower self; /* large */
    if (made->refusal_count && (made->step_count || !made->refusals[0][0]))
        return "a refusal with steps, or without words";
    if (made->refusal_count)
        return NULL;
    self = (follower){.task = task, .state = task->state};
    self.flagged = task->state.settings[SETTING_UPDATE_FLAG] == SETTING_STATE_SET;
    size_t look_steps = self.flagged ? 2 : 1; /* a flag is cleared before the start */
    const char *problem = follow_all(&self, made);
    if (made->looks_again)
        return problem || made->step_count == look_steps ? problem : "a look that does more";
    return problem ? problem : plan_again(&self, again);
}

static void show(size_t number, const random_task *task, const plan *made, const char *problem)
{
    printf("task %zu, %s in %s mode to %s: %s\n", number, task->state.board->name,
           device_mode_name(task->state.mode), made->goal_version, problem);
    for (size_t i = 0; i < task->state.module_count; i++)
        printf("    has %u/%u %u%s\n", task->state.modules[i].slot.function,
               task->state.modules[i].slot.index, task->state.modules[i].version,
               task->state.modules[i].passed & CHECK_INTEGRITY ? "" : " damaged");
    for (size_t i = 0; i < made->step_count; i++)
        printf("    %s %s %u\n", step_operation_name(made->steps[i].operation),
               made->steps[i].slot ? made->steps[i].slot->name : "", made->steps[i].to);
}

static void try_one(size_t number, random_task *task, const catalog *known, statistics *seen)
{
    static plan made, again; /* large */
    solve(&task->state, &task->wanted, &task->rules, &made);
    if (made.refusal_count && number % WAYS == 0 && task_find_way(task, known)) {
        solve(&task->state, &task->wanted, &task->rules, &made);
        seen->ways++;
    }
    solve(&task->state, &task->wanted, &task->rules, &again);
    const char *problem =
        same_plan(&made, &again) ? judge(task, &made, &again) : "two plans for one task";
    seen->refused += made.refusal_count > 0;
    seen->empty += !made.refusal_count && !made.step_count;
    seen->looks += made.looks_again;
    seen->planned += made.step_count > 0;
    seen->steps += made.step_count;
    if (!problem && made.refusal_count && number % ADVISED == 0)
        problem = advise(task, known, &made, &again);
    if (problem && seen->failed++ < FINDINGS_SHOWN)
        show(number, task, &made, problem);
}

static osb_status run(statistics *seen, osb_error *error)
{
    static release_pool pool; /* large, as the next */
    static random_task task;
    ARENA_OWNED memory = {0};
    platform_list platforms;
    catalog known = {0};
    uint64_t seed = 0x05b0d1e5eed;
    TRY(platform_load_all(&memory, &platforms, error));
    TRY(catalog_load(&known, error));
    bool filled = pool_fill(&pool, &platforms, &known, NULL);
    for (size_t i = 0; filled && i < TASKS; i++) {
        task_make(&task, &pool, &seed);
        try_one(i, &task, &known, seen);
    }
    catalog_free(&known);
    return OSB_OK;
}

int main(void)
{
    osb_error error = {0};
    statistics seen = {0};
    if (run(&seen, &error) != OSB_OK)
        printf("%s: %s\n", error.subject, error.message);
    printf("%zu planned in %zu steps (%zu only look, %zu by way of another release), %zu empty, "
           "%zu refused, %zu failed\n",
           seen.planned, seen.steps, seen.looks, seen.ways, seen.empty, seen.refused, seen.failed);
    bool telling = seen.planned > TASKS / 5 && seen.refused > TASKS / 20 && seen.empty > 1000 &&
                   seen.looks > 100 && seen.ways > 3;
    return seen.failed || !telling;
}

/*
 * Reads the board, the goal and the policy of a case into what solve() takes.
 *
 * Needs and modules that a case only numbers are looked up in the built-in catalog. Judges nothing.
 */
#include "case_read.h"

#include <string.h>

#include "base/text.h"

/** A module of that version, as the first release that has it lists it. */
static bool look_up(const fixture *world, const platform *board, module_slot slot, uint16_t number,
                    release_module *found)
{
    for (size_t i = 0; i < world->known->count; i++) {
        release set;
        if (catalog_release(world->known, catalog_version(world->known, i), board, &set, NULL) !=
            OSB_OK)
            continue;
        const release_module *there = release_find(&set, slot);
        if (!there || there->version != number)
            continue;
        *found = *there;
        return true;
    }
    return false;
}

static void look_up_needs(const fixture *world, const platform *board, snapshot_module *entry)
{
    release_module found;
    if (!look_up(world, board, entry->slot, entry->version, &found))
        return;
    for (size_t d = 0; d < 2; d++)
        if (found.dependencies[d].slot.function != MODULE_NONE)
            entry->dependencies[entry->dependency_count++] = found.dependencies[d];
}

static bool listed(const json_t *list, const char *slot)
{
    size_t i;
    json_t *entry;
    json_array_foreach(list, i, entry)
    {
        if (text_equal(json_string_value(entry), slot))
            return true;
    }
    return false;
}

/** What the board looks like in DFU mode: only what can be read back from flash is known. */
static bool is_seen(const snapshot *state, const platform_slot *place)
{
    return place && place->route != ROUTE_NEVER &&
           (state->mode != MODE_DFU || place->route == ROUTE_DFU);
}

/** All modules of a release as a sound board has them; no application. */
static bool fill_from_release(const fixture *world, const char *os, snapshot *state)
{
    release set;
    if (catalog_release(world->known, os, state->board, &set, NULL) != OSB_OK)
        return false;
    for (size_t i = 0; i < set.module_count; i++) {
        const release_module *from = &set.modules[i];
        const platform_slot *place = platform_find_slot(state->board, from->slot);
        if (from->slot.function == MODULE_USER_PART || !is_seen(state, place))
            continue;
        snapshot_module *entry = &state->modules[state->module_count++];
        *entry = (snapshot_module){.slot = from->slot, .version = from->version};
        for (size_t d = 0; d < 2; d++)
            if (from->dependencies[d].slot.function != MODULE_NONE)
                entry->dependencies[entry->dependency_count++] = from->dependencies[d];
    }
    return true;
}

/** One line of `modules`: null takes the module away, a number puts that version there. */
static void set_module(const fixture *world, snapshot *state, module_slot slot, const json_t *value)
{
    size_t at = 0;
    while (at < state->module_count && !slot_equal(state->modules[at].slot, slot))
        at++;
    if (json_is_null(value)) {
        if (at < state->module_count)
            state->modules[at] = state->modules[--state->module_count];
        return;
    }
    if (at == state->module_count)
        state->module_count++;
    snapshot_module *entry = &state->modules[at];
    *entry = (snapshot_module){.slot = slot, .version = (uint16_t)json_integer_value(value)};
    look_up_needs(world, state->board, entry);
}

static void set_needs_of(snapshot_module *entry, json_t *needs)
{
    const char *slot;
    json_t *number;
    module_slot on;
    entry->dependency_count = 0;
    json_object_foreach(needs, slot, number)
    {
        if (slot_from_text(slot, &on))
            entry->dependencies[entry->dependency_count++] =
                (module_dependency){on, (uint16_t)json_integer_value(number)};
    }
}

/** What modules on the board need where the catalog says something else: applications. */
static void set_needs(snapshot *state, json_t *needs)
{
    const char *slot;
    json_t *list;
    module_slot of;
    json_object_foreach(needs, slot, list)
    {
        for (size_t i = 0; i < state->module_count && slot_from_text(slot, &of); i++)
            if (slot_equal(state->modules[i].slot, of))
                set_needs_of(&state->modules[i], list);
    }
}

static device_mode mode_from(const char *name)
{
    static const device_mode modes[] = {MODE_LISTENING, MODE_SAFE, MODE_DFU};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (text_equal(name, device_mode_name(modes[i])))
            return modes[i];
    return MODE_NORMAL;
}

static protection protection_from(const char *name)
{
    return text_equal(name, "protected") ? PROTECTION_PROTECTED
           : text_equal(name, "service") ? PROTECTION_SERVICE
                                         : PROTECTION_OPEN;
}

/**
 * What the board says of each module. In DFU mode nobody checks it: only a header is read, and a
 * failed integrity is noticed, but a good one is not shown.
 */
static void mark_modules(test_case *self, const json_t *board)
{
    snapshot *state = &self->state;
    uint32_t checks = state->mode == MODE_DFU ? CHECK_RANGE | CHECK_PLATFORM
                                              : CHECK_INTEGRITY | CHECK_DEPENDENCIES;
    for (size_t i = 0; i < state->module_count; i++) {
        snapshot_module *entry = &state->modules[i];
        char slot[MODULE_SLOT_TEXT];
        slot_text(entry->slot, slot);
        bool damaged = listed(json_object_get(board, "damaged"), slot);
        entry->checked = checks | (damaged ? CHECK_INTEGRITY : 0);
        entry->passed = damaged ? 0 : checks;
        entry->has_identity = listed(json_object_get(board, "identity"), slot) ||
                              listed(json_object_get(board, "other_build"), slot);
    }
}

static bool read_board(const fixture *world, test_case *self)
{
    const json_t *board = json_object_get(self->text, "board");
    const char *os = json_text(board, "os", NULL), *slot_name;
    snapshot *state = &self->state;
    json_t *number;
    state->board = platform_by_name(world->platforms, json_text(board, "platform", ""));
    if (!state->board)
        return false;
    text_copy(state->device_id, sizeof state->device_id, "0123456789abcdef01234567");
    state->mode = mode_from(json_text(board, "mode", "normal"));
    state->guard = protection_from(json_text(board, "protection", "open"));
    const json_t *setup = json_object_get(board, "setup_done");
    if (json_is_boolean(setup))
        state->settings[SETTING_SETUP_DONE] =
            json_is_true(setup) ? SETTING_STATE_SET : SETTING_STATE_CLEAR;
    if (json_true_at(board, "update_flag"))
        state->settings[SETTING_UPDATE_FLAG] = SETTING_STATE_SET;
    state->modules_known = !json_true_at(board, "unknown") && (!os || state->mode != MODE_DFU);
    state->flash_unread = json_true_at(board, "unknown");
    if (os && !fill_from_release(world, os, state))
        return false;
    json_object_foreach(json_object_get(board, "modules"), slot_name, number)
    {
        module_slot slot;
        if (!slot_from_text(slot_name, &slot))
            return false;
        set_module(world, state, slot, number);
    }
    set_needs(state, json_object_get(board, "needs"));
    mark_modules(self, board);
    return true;
}

static void drop_slot(release *set, const char *text)
{
    module_slot slot;
    for (size_t i = 0; i < set->module_count && slot_from_text(text, &slot); i++)
        if (slot_equal(set->modules[i].slot, slot))
            set->modules[i--] = set->modules[--set->module_count];
}

/** A module that the catalog does not list with the release, or lists in another version. */
static bool add_slot(release *set, const char *text, const json_t *number)
{
    module_slot slot;
    size_t at = 0;
    if (!slot_from_text(text, &slot))
        return false;
    while (at < set->module_count && !slot_equal(set->modules[at].slot, slot))
        at++;
    release_module *entry = &set->modules[at];
    if (at == set->module_count) {
        set->module_count++;
        *entry = (release_module){.slot = slot, .file = "extra.bin"};
    }
    entry->version = (uint16_t)json_integer_value(number);
    return true;
}

/** Gives catalog entries what only real files tell, so that the plan has sizes and hashes. */
static void complete_release(test_case *self)
{
    const json_t *others = json_object_get(json_object_get(self->text, "board"), "other_build");
    for (size_t i = 0; i < self->set.module_count; i++) {
        release_module *entry = &self->set.modules[i];
        char slot[MODULE_SLOT_TEXT];
        slot_text(entry->slot, slot);
        int build = (int)i + (listed(others, slot) ? 101 : 1);
        entry->size = entry->size ? entry->size : 40960;
        memset(entry->identity, (int)i + 1, sizeof entry->identity);
        memset(entry->sha256, (int)i + 1, sizeof entry->sha256);
        for (size_t k = 0; k < self->state.module_count; k++)
            if (slot_equal(self->state.modules[k].slot, entry->slot))
                memset(self->state.modules[k].identity, build, SHA256_SIZE);
    }
}

static bool read_application(test_case *self, const json_t *app)
{
    release_module *entry = &self->app;
    *entry = (release_module){.version = 6, .size = 12288};
    text_copy(entry->file, sizeof entry->file, "app.bin");
    memset(entry->identity, 0xaa, SHA256_SIZE);
    if (!slot_from_text(json_text(app, "on", "system_part/1"), &entry->dependencies[0].slot) ||
        !slot_from_text(json_text(app, "slot", "user_part/1"), &entry->slot))
        return false;
    entry->dependencies[0].version = (uint16_t)json_number(app, "needs", 0);
    const platform_slot *place = platform_find_slot(self->state.board, entry->slot);
    if (place)
        entry->start = place->grows_left ? place->end - entry->size : place->start;
    return true;
}

/** Files that the user names one by one: slot -> version. */
static bool read_files(const fixture *world, test_case *self, json_t *named, bool protects)
{
    const char *slot;
    json_t *number;
    json_object_foreach(named, slot, number)
    {
        release_module *entry = &self->files[self->file_count++];
        uint16_t wanted = (uint16_t)json_integer_value(number);
        if (self->file_count > PLAN_FILES_MAX || !slot_from_text(slot, &entry->slot))
            return false;
        if (!look_up(world, self->state.board, entry->slot, wanted, entry)) {
            const platform_slot *place = platform_find_slot(self->state.board, entry->slot);
            entry->version = wanted;
            entry->start = place ? place->start : 0;
        }
        entry->size = entry->slot.function == MODULE_NCP_FIRMWARE ? 829248 : 40960;
        entry->protects = protects;
        text_copy(entry->file, sizeof entry->file, "named.bin");
        memset(entry->identity, 0xbb, sizeof entry->identity);
        memset(entry->sha256, 0xbb, sizeof entry->sha256);
    }
    return true;
}

/** Pins what the release has, but for slots that are pinned to another file, or not at all. */
static bool read_lock(test_case *self, const json_t *lock)
{
    size_t i;
    json_t *value;
    self->lock = self->set;
    json_array_foreach(json_object_get(lock, "without"), i, value)
    {
        drop_slot(&self->lock, json_string_value(value));
    }
    json_array_foreach(json_object_get(lock, "other"), i, value)
    {
        module_slot slot;
        release_module *pin = NULL;
        for (size_t k = 0; k < self->lock.module_count; k++)
            if (slot_from_text(json_string_value(value), &slot) &&
                slot_equal(self->lock.modules[k].slot, slot))
                pin = &self->lock.modules[k];
        if (!pin)
            return false;
        memset(pin->sha256, 0xee, sizeof pin->sha256);
    }
    return true;
}

static bool read_goal(const fixture *world, test_case *self)
{
    const json_t *goal_text = json_object_get(self->text, "goal");
    const json_t *app = json_object_get(goal_text, "app");
    const char *version = json_is_string(goal_text) ? json_string_value(goal_text)
                                                    : json_text(goal_text, "version", NULL);
    const char *extra;
    json_t *value;
    size_t i;
    const platform *board = platform_by_name(
        world->platforms, json_text(goal_text, "platform", self->state.board->name));
    self->has_set = version != NULL;
    if (version && catalog_release(world->known, version, board, &self->set, NULL) != OSB_OK)
        return false;
    json_array_foreach(json_object_get(goal_text, "without"), i, value)
    {
        drop_slot(&self->set, json_string_value(value));
    }
    json_object_foreach(json_object_get(goal_text, "with"), extra, value)
    {
        if (!add_slot(&self->set, extra, value))
            return false;
    }
    complete_release(self);
    return (!app || read_application(self, app)) &&
           read_files(world, self, json_object_get(goal_text, "modules"),
                      json_true_at(goal_text, "protects")) &&
           read_lock(self, json_object_get(goal_text, "lock"));
}

static bool read_policy(test_case *self)
{
    const json_t *rules = json_object_get(self->text, "policy");
    size_t i;
    json_t *words;
    json_array_foreach(json_object_get(rules, "approved"), i, words)
    {
        if (self->approved_count < APPROVED_MAX)
            self->approved[self->approved_count++] = json_string_value(words);
    }
    self->app.synthetic = json_true_at(rules, "real_board");
    self->rules = (policy){.allow_downgrade = json_true_at(rules, "allow_downgrade"),
                           .allow_incomplete = json_true_at(rules, "allow_incomplete"),
                           .full_rewrite = json_true_at(rules, "full"),
                           .approved = self->approved,
                           .approved_count = self->approved_count,
                           .simulated = !json_true_at(rules, "real_board")};
    return road_choice_from_text(json_text(rules, "road", "auto"), &self->rules.road);
}

bool case_read(const fixture *world, test_case *self)
{
    const json_t *goal_text = json_object_get(self->text, "goal");
    if (!read_board(world, self) || !read_goal(world, self) || !read_policy(self))
        return false;
    self->wanted = (goal){.set = self->has_set ? &self->set : NULL,
                          .files = self->files,
                          .file_count = self->file_count,
                          .app = json_object_get(goal_text, "app") ? &self->app : NULL,
                          .lock = json_object_get(goal_text, "lock") ? &self->lock : NULL,
                          .heal = json_true_at(goal_text, "heal")};
    return true;
}

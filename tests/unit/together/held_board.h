#pragma once
/**
 * A simulated board in the hand of the device layer: what the tests that let both meet share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "device/device.h"
#include "model/release.h"
#include "sim/sim.h"

enum {
    FILES_MAX = 16
};

/* A release's files for one platform. */
typedef struct file_set {
    release set;
    buf files[FILES_MAX];
} file_set;

static arena keep;
static platform_list platforms;
static catalog known;
static sim_world *world;
static sim_board *board;
static transport *bus;
static device *held;
static snapshot shot;
static osb_error error;

#define OK(call)                                                                                   \
    do {                                                                                           \
        if ((call) != OSB_OK)                                                                      \
            fail_msg("%s: %s (%s)", error.subject, error.message, error.hint);                     \
    } while (0)

static inline int load_all(void **state)
{
    (void)state;
    OK(platform_load_all(&keep, &platforms, &error));
    OK(catalog_load(&known, &error));
    return 0;
}

static inline int free_all(void **state)
{
    (void)state;
    catalog_free(&known);
    arena_free(&keep);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    device_close(held);
    held = NULL;
    sim_world_free(world);
    world = NULL;
    return 0;
}

static inline void file_set_make(file_set *made, const char *platform_name, const char *os_version)
{
    const platform *kind = platform_by_name(&platforms, platform_name);
    OK(catalog_release(&known, os_version, kind, &made->set, &error));
    for (size_t i = 0; i < made->set.module_count; i++) {
        made->files[i] = buf_make(MODULE_FILE_MAX);
        OK(sim_synthesise(&made->set, &made->set.modules[i], &made->files[i], &error));
    }
}

static inline void file_set_free(file_set *made)
{
    for (size_t i = 0; i < made->set.module_count; i++)
        buf_free(&made->files[i]);
}
#define FILE_SET_OWNED __attribute__((cleanup(file_set_free))) file_set

static inline span file_of(const file_set *from, uint8_t function, uint8_t index)
{
    for (size_t i = 0; i < from->set.module_count; i++)
        if (slot_equal(from->set.modules[i].slot, (module_slot){function, index}))
            return buf_span(&from->files[i]);
    fail_msg("no such file in %s", from->set.version);
    return (span){0};
}

/* Plugs in a fresh board that holds these modules, into a new world when there is none. */
static inline sim_board *plug_in(const file_set *factory, const char *id)
{
    sim_image images[FILES_MAX];
    sim_board *added;
    for (size_t i = 0; i < factory->set.module_count; i++)
        images[i] = (sim_image){buf_span(&factory->files[i]), factory->set.modules[i].file};
    sim_recipe recipe = {.board = factory->set.board,
                         .device_id = id,
                         .seed = 7,
                         .images = images,
                         .image_count = factory->set.module_count,
                         .network_credentials = true};
    if (!world)
        OK(sim_world_make(&known, &platforms, &world, &error));
    OK(sim_board_add(world, &recipe, &added, &error));
    bus = sim_world_transport(world);
    return added;
}

/* Takes the only board into the hand. */
static inline void hold_it(void)
{
    device_entry entry;
    device_close(held);
    held = NULL;
    OK(device_select(bus, &platforms, NULL, &entry, &error));
    assert_int_equal(strlen(entry.device_id), 24);
    OK(device_open(bus, &platforms, &entry, NULL, &held, &error));
}

/* A fresh board with a release, running and held. */
static inline void hold(const char *platform_name, const char *os_version)
{
    FILE_SET_OWNED factory = {0};
    file_set_make(&factory, platform_name, os_version);
    board = plug_in(&factory, NULL);
    hold_it();
    assert_false(device_in_dfu(held));
}

static inline void inspect(void)
{
    OK(device_inspect(held, &shot, &error));
}

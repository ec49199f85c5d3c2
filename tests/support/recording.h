#pragma once
/** Traces of a visit (session.h) to a simulated board; a test's own, for cmocka. */
#include "base/buf.h"
#include "sim/sim.h"
#include "support/session.h"
#include "transport/trace.h"

#define RECORDING_OK(call)                                                                         \
    do {                                                                                           \
        osb_error failure_ = {0}, *error = &failure_;                                              \
        if ((call) != OSB_OK)                                                                      \
            fail_msg("%s: %s (%s)", error->subject, error->message, error->hint);                  \
    } while (0)

/** What boards there are, for as long as a test program runs. */
typedef struct recording_ground {
    arena memory;
    platform_list platforms;
    catalog known;
} recording_ground;

static inline void recording_begin(recording_ground *ground)
{
    RECORDING_OK(platform_load_all(&ground->memory, &ground->platforms, error));
    RECORDING_OK(catalog_load(&ground->known, error));
}

static inline void recording_end(recording_ground *ground)
{
    catalog_free(&ground->known);
    arena_free(&ground->memory);
}

static inline void recording_line(void *context, const char *text)
{
    buf_append_format(context, "%s\n", text);
}

/** The visit to the only board on `bus`, as lines in `text`. */
static inline void recording_of(const recording_ground *ground, transport *bus, buf *text)
{
    const trace_sink sink = {recording_line, text};
    transport *traced;
    RECORDING_OK(trace_make(bus, &sink, &traced, error));
    RECORDING_OK(session_run(traced, &ground->platforms, NULL, error));
    transport_destroy(traced);
}

/** @param system_version of system parts that need nothing, in place of the release's; 0: those */
static inline void recording_add_aged(const recording_ground *ground, sim_world *world,
                                      const char *name, const char *version,
                                      uint16_t system_version)
{
    release set;
    buf files[RELEASE_MODULES_MAX] = {0};
    sim_image images[RELEASE_MODULES_MAX];
    sim_board *board;
    const platform *kind = platform_by_name(&ground->platforms, name);
    RECORDING_OK(catalog_release(&ground->known, version, kind, &set, error));
    for (size_t i = 0; i < set.module_count; i++) {
        files[i] = buf_make(MODULE_FILE_MAX);
        if (system_version && set.modules[i].slot.function == MODULE_SYSTEM_PART) {
            set.modules[i].version = system_version;
            memset(set.modules[i].dependencies, 0, sizeof set.modules[i].dependencies);
        }
        RECORDING_OK(sim_synthesise(&set, &set.modules[i], &files[i], error));
        images[i] = (sim_image){buf_span(&files[i]), set.modules[i].file};
    }
    sim_recipe recipe = {.board = kind, .images = images, .image_count = set.module_count};
    RECORDING_OK(sim_board_add(world, &recipe, &board, error));
    for (size_t i = 0; i < set.module_count; i++)
        buf_free(&files[i]);
}

static inline void recording_add_board(const recording_ground *ground, sim_world *world,
                                       const char *name, const char *version)
{
    recording_add_aged(ground, world, name, version, 0);
}

/** The visit to a fresh board. */
static inline void recording_of_fresh(const recording_ground *ground, const char *name,
                                      const char *version, buf *text)
{
    sim_world *world;
    RECORDING_OK(sim_world_make(&ground->known, &ground->platforms, &world, error));
    recording_add_board(ground, world, name, version);
    recording_of(ground, sim_world_transport(world), text);
    sim_world_free(world);
}

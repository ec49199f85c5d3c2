#pragma once
/**
 * What the tests of trust, store and net share: a scratch folder that goes away with the test, the
 * built-in boards, and synthetic modules that fit their slots.
 *
 * Include it first: it asks for nftw(3).
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "model/module.h"
#include "model/platform.h"

typedef struct fixture {
    char folder[64]; /**< a scratch folder */
    arena memory;
    platform_list boards;
} fixture;

static inline int fixture_make(void **state)
{
    fixture *made = calloc(1, sizeof *made);
    osb_error error = {0};
    text_copy(made->folder, sizeof made->folder, "/tmp/osbundle-test-XXXXXX");
    if (!mkdtemp(made->folder) || platform_load_all(&made->memory, &made->boards, &error) != OSB_OK)
        return -1;
    *state = made;
    return 0;
}

static inline int fixture_remove_entry(const char *path, const struct stat *status, int type,
                                       struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static inline int fixture_drop(void **state)
{
    fixture *made = *state;
    nftw(made->folder, fixture_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(&made->memory);
    free(made);
    return 0;
}

/** FOLDER/name, in one of four buffers that are used in turn. */
static inline const char *fixture_path(const fixture *with, const char *name)
{
    static char paths[4][PATH_SIZE];
    static unsigned next;
    char *path = paths[next++ % 4];
    assert_int_equal(path_join(path, with->folder, name, NULL), OSB_OK);
    return path;
}

static inline void fixture_write(const fixture *with, const char *name, span content)
{
    char folder[PATH_SIZE];
    text_copy(folder, sizeof folder, fixture_path(with, name));
    *strrchr(folder, '/') = '\0';
    assert_int_equal(folder_make(folder, NULL), OSB_OK);
    assert_int_equal(file_write_atomic(fixture_path(with, name), content, 0644, NULL), OSB_OK);
}

static inline span span_of(const char *text)
{
    return (span){(const uint8_t *)text, strlen(text)};
}

/** How many files (not folders) lie below a path; 0 when it is not there. */
static inline size_t fixture_count_files(const char *path)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count, files = 0;
    if (!folder_exists(path))
        return file_exists(path);
    assert_int_equal(folder_list(path, &memory, &names, &count, NULL), OSB_OK);
    for (size_t i = 0; i < count; i++) {
        char below[PATH_SIZE];
        assert_int_equal(path_join(below, path, names[i], NULL), OSB_OK);
        files += fixture_count_files(below);
    }
    return files;
}

static inline const platform *fixture_board(const fixture *with, const char *name)
{
    const platform *board = platform_by_name(&with->boards, name);
    assert_non_null(board);
    return board;
}

/** The recipe of a module that fits its slot on `board`. */
static inline module_recipe fixture_recipe(const platform *board, const char *slot,
                                           uint16_t module_version, uint32_t size)
{
    module_slot wanted;
    assert_true(slot_from_text(slot, &wanted));
    const platform_slot *place = platform_find_slot(board, wanted);
    assert_non_null(place);
    uint32_t start = place->image_start_count ? place->image_starts[0] : place->start;
    if (place->grows_left)
        start = place->end - size;
    return (module_recipe){.prefix_offset = place->prefix_offset,
                           .start = start,
                           .mcu_target =
                               wanted.function == MODULE_NCP_FIRMWARE ? board->ncp_mcu_target : 0,
                           .flags = place->flash_offset ? MODULE_DROP_INFO : 0,
                           .version = module_version,
                           .platform_id = board->id,
                           .slot = wanted};
}

/** Appends a synthetic module for a slot of `board`. */
static inline void fixture_module(const platform *board, const char *slot, uint16_t module_version,
                                  uint32_t size, buf *file)
{
    osb_error error = {0};
    module_recipe recipe = fixture_recipe(board, slot, module_version, size);
    if (module_synthesise(&recipe, size, board->mcu == MCU_RTL872X, file, &error) != OSB_OK)
        fail_msg("%s: %s", error.subject, error.message);
}

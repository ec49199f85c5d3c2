/* Boards in folders: what they keep between programs, and after a program was killed. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "unit/sim/bench.h"

static char root[] = "/tmp/osbundle-sim-XXXXXX";
static char folder[64];

static int make_root(void **state)
{
    (void)state;
    text_copy(root, sizeof root, "/tmp/osbundle-sim-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    text_format(folder, sizeof folder, "%s/board", root);
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    char path[320];
    if (folder_list(folder, &memory, &names, &count, NULL) != OSB_OK)
        return -1;
    for (size_t i = 0; i < count; i++) {
        text_format(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder) || rmdir(root);
}

/** A new folder board of a release, not plugged in. */
static void create(bench *b, const char *platform_name, const char *version)
{
    bench_set made;
    bench_begin(b);
    bench_synthesise(b, platform_name, version, &made);
    sim_recipe recipe = bench_recipe(b, platform_name, &made);
    OK(sim_board_create(folder, &recipe, &b->error));
    bench_set_free(&made);
}

static void plug_in(bench *b)
{
    OK(sim_board_open(b->world, folder, &b->board, &b->error));
}

/** As another program would: a new world, the same folder. */
static void replug(bench *b)
{
    bench_close(b);
    sim_world_free(b->world);
    OK(sim_world_make(&b->known, &b->platforms, &b->world, &b->error));
    b->bus = sim_world_transport(b->world);
    plug_in(b);
}

static void a_new_folder_holds_a_board_that_boots(void **state)
{
    (void)state;
    bench b;
    char path[128];
    struct stat status;
    create(&b, "p2", "5.3.1");
    text_format(path, sizeof path, "%s/internal.flash", folder);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 8 << 20);
    plug_in(&b);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_open(&b);
    bench_expect(&b, "c0 50 00 00 1e 00 40 00", NULL, "35 2e 33 2e 31");
    bench_end(&b);
}

static void identity_clock_and_mode_go_on(void **state)
{
    (void)state;
    bench b;
    char id[DEVICE_ID_SIZE];
    create(&b, "boron", "5.3.1");
    plug_in(&b);
    text_copy(id, sizeof id, b.board->device_id);
    bench_open_dfu(&b);
    uint64_t time = transport_now_ms(b.bus);
    replug(&b);
    assert_string_equal(b.board->device_id, id);
    assert_int_equal(b.board->mode, BOARD_DFU);
    assert_true(transport_now_ms(b.bus) >= time);
    assert_true(bench_has_reason(&b, "DFU mode was asked for"));
    bench_open_dfu(&b);
    bench_leave_dfu(&b);
    replug(&b);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    assert_string_equal(b.board->running.os_version, "5.3.1");
    bench_end(&b);
}

static void listening_and_safe_mode_go_on(void **state)
{
    (void)state;
    bench b;
    create(&b, "boron", "5.3.1");
    plug_in(&b);
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 60), 0);
    bench_await(&b, BOARD_SAFE, 4000);
    replug(&b);
    assert_int_equal(b.board->mode, BOARD_SAFE);
    bench_open(&b);
    assert_int_equal(bench_empty_request(&b, 70), 0);
    replug(&b);
    assert_int_equal(b.board->mode, BOARD_LISTENING);
    bench_end(&b);
}

static void a_waiting_update_is_applied_by_the_next_program(void **state)
{
    (void)state;
    bench b;
    create(&b, "p2", "5.3.1");
    plug_in(&b);
    BUF_OWNED file = bench_module(&b, "p2", (module_slot){2, 0}, 2300, (module_dependency){0});
    bench_open(&b);
    assert_int_equal(bench_update(&b, buf_span(&file)), 0);
    /* The reset is due in a second; the program ends before. */
    replug(&b);
    assert_int_equal(b.board->running.bootloader_version, 2300);
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    bench_end(&b);
}

static void what_it_was_busy_for_goes_on_and_idle_time_is_none(void **state)
{
    (void)state;
    bench b;
    create(&b, "p2", "5.3.1");
    plug_in(&b);
    const uint64_t started = b.board->keeps.busy_us;
    assert_true(started >= b.board->family->boot.system_us);
    OK(transport_wait(b.bus, 60000, &b.error));
    assert_int_equal(b.board->keeps.busy_us, started);
    replug(&b);
    assert_int_equal(b.board->keeps.busy_us / 1000, started / 1000);
    sim_board_power_cycle(b.board);
    assert_true(b.board->keeps.busy_us >= 2 * started);
    bench_end(&b);
}

static void kept_values_come_back(void **state)
{
    (void)state;
    bench b;
    create(&b, "argon", "5.9.0");
    plug_in(&b);
    b.board->keeps.network_credentials = false;
    b.board->keeps.ncp_version = 8;
    b.board->keeps.assets[0] = (board_asset){.name = "cat.txt", .size = 5, .hash = {1, 2}};
    b.board->keeps.asset_count = 1;
    board_save(b.board);
    replug(&b);
    assert_false(b.board->keeps.network_credentials);
    assert_int_equal(b.board->keeps.ncp_version, 8);
    assert_int_equal(b.board->keeps.asset_count, 1);
    assert_string_equal(b.board->keeps.assets[0].name, "cat.txt");
    assert_int_equal(b.board->keeps.assets[0].hash[1], 2);
    bench_end(&b);
}

static void one_program_at_a_time_has_the_folder(void **state)
{
    (void)state;
    bench b, other;
    create(&b, "boron", "5.3.1");
    plug_in(&b);
    bench_begin(&other);
    assert_int_equal(sim_board_open(other.world, folder, &other.board, &other.error), OSB_ERR_BUSY);
    bench_end(&other);
    bench_end(&b);
    bench_begin(&other);
    OK(sim_board_open(other.world, folder, &other.board, &other.error));
    bench_end(&other);
}

static void folders_that_hold_no_board_are_told_apart(void **state)
{
    (void)state;
    bench b;
    char path[128];
    bench_set none = {0};
    create(&b, "boron", "5.3.1");
    sim_recipe recipe = bench_recipe(&b, "boron", &none);
    assert_int_equal(sim_board_create(folder, &recipe, &b.error), OSB_ERR_USAGE);
    assert_int_equal(sim_board_open(b.world, root, &b.board, &b.error), OSB_ERR_NOT_FOUND);
    text_format(path, sizeof path, "%s/external.flash", folder);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(sim_board_open(b.world, folder, &b.board, &b.error), OSB_ERR_INTEGRITY);
    text_format(path, sizeof path, "%s/board.json", folder);
    OK(file_write_atomic(path, (span){(const uint8_t *)"{}", 2}, 0644, &b.error));
    assert_int_equal(sim_board_open(b.world, folder, &b.board, &b.error), OSB_ERR_INTEGRITY);
    bench_end(&b);
}

/** In a program of its own: erases and writes a system page in DFU mode, then hangs. */
static void write_and_hang(int ready)
{
    static const uint8_t block[4096] = {0};
    bench b;
    bench_begin(&b);
    plug_in(&b);
    bench_open_dfu(&b);
    if (!bench_dfu_command(&b, 0x41, 0x40000) || !bench_dfu_command(&b, 0x21, 0x40000) ||
        !bench_dnload(&b, 2, block, sizeof block))
        _exit(1);
    if (write(ready, "x", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void flash_survives_a_killed_program(void **state)
{
    (void)state;
    bench b;
    int ready[2], status;
    char byte;
    create(&b, "boron", "5.3.1");
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ready[0]);
        write_and_hang(ready[1]);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ready[0]);
    plug_in(&b);
    assert_int_equal(b.board->mode, BOARD_DFU);
    span flash_bytes = sim_board_flash(b.board, "internal");
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(flash_bytes.data[0x40000 + i], 0);
    sim_board_power_cycle(b.board);
    assert_int_equal(b.board->mode, BOARD_DFU);
    assert_true(bench_has_reason(&b, "no valid system part"));
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_folder_holds_a_board_that_boots, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(identity_clock_and_mode_go_on, make_root, remove_root),
        cmocka_unit_test_setup_teardown(listening_and_safe_mode_go_on, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_waiting_update_is_applied_by_the_next_program, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(what_it_was_busy_for_goes_on_and_idle_time_is_none,
                                        make_root, remove_root),
        cmocka_unit_test_setup_teardown(kept_values_come_back, make_root, remove_root),
        cmocka_unit_test_setup_teardown(one_program_at_a_time_has_the_folder, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(folders_that_hold_no_board_are_told_apart, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(flash_survives_a_killed_program, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

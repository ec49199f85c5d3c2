/* Assets: kept by name and hash, wanted by applications, lost to large updates on small boards. */
#include "unit/sim/bench.h"

static const module_slot system_part = {MODULE_SYSTEM_PART, 1};

/** An asset module of 100 bytes of content whose hash begins with `mark`. The caller frees it. */
static buf make_asset(bench *b, const char *name, uint8_t mark)
{
    const uint8_t hash[34] = {0, 32, mark, 2, 3};
    const uint8_t body[64] = {8, 0, 0, 0, 100};
    const module_extension extensions[] = {
        {.type = EXTENSION_HASH, .data = {hash, sizeof hash}},
        {.type = EXTENSION_NAME, .data = {(const uint8_t *)name, strlen(name)}},
    };
    const module_recipe recipe = {.flags = MODULE_DROP_INFO | MODULE_COMPRESSED,
                                  .slot = {MODULE_ASSET, 0},
                                  .body = {body, sizeof body},
                                  .extensions = extensions,
                                  .extension_count = 2};
    buf file = buf_make(1024);
    OK(module_write(&recipe, &file, &b->error));
    return file;
}

static void assets_are_kept_by_name_and_hash(void **state)
{
    (void)state;
    bench b;
    BUF_OWNED reply = buf_make(1024);
    bench_board(&b, "p2", "5.9.0");
    BUF_OWNED file = make_asset(&b, "cat.txt", 1);
    bench_open(&b);
    bench_update_and_wait(&b, buf_span(&file));
    assert_int_equal(bench_request(&b, 91, (span){0}, &reply), 0);
    assert_memory_equal(reply.data + 2, "\x0a\x20\x01\x02\x03", 5);
    assert_int_equal(b.board->keeps.assets[0].size, 100);
    /* The application wants none, so the first goes when another one comes. */
    BUF_OWNED other = make_asset(&b, "dog.txt", 9);
    bench_update_and_wait(&b, buf_span(&other));
    assert_int_equal(b.board->keeps.asset_count, 1);
    assert_string_equal(b.board->keeps.assets[0].name, "dog.txt");
    bench_end(&b);
}

enum {
    MANY_ASSETS = 40
};

static void asset_name(size_t number, char name[8])
{
    text_format(name, 8, "%03zu.txt", number % 1000);
}

/** An application that wants assets 0 to `count`. The caller frees it. */
static buf make_wanting_application(bench *b, size_t count)
{
    static const uint8_t body[4096] = {0};
    uint8_t wanted[MANY_ASSETS][2 + SHA256_SIZE + 7] = {{0}};
    module_extension extensions[MANY_ASSETS + 1] = {0};
    for (size_t i = 0; i < count; i++) {
        char name[8];
        asset_name(i, name);
        memcpy(wanted[i], (const uint8_t[]){0, 32, (uint8_t)i, 2, 3}, 5);
        memcpy(wanted[i] + 2 + SHA256_SIZE, name, 7);
        extensions[i] = (module_extension){.type = EXTENSION_ASSET_DEPENDENCY,
                                           .data = {wanted[i], sizeof wanted[i]}};
    }
    extensions[count] = (module_extension){.type = EXTENSION_END};
    const module_recipe recipe = {.start = 0xb4000,
                                  .version = 6,
                                  .platform_id = 13,
                                  .slot = {MODULE_USER_PART, 2},
                                  .dependencies = {{system_part, 5500}},
                                  .body = {body, sizeof body},
                                  .extensions = extensions,
                                  .extension_count = count + 1};
    buf file = buf_make(16384);
    OK(module_write(&recipe, &file, &b->error));
    return file;
}

static void an_application_waits_for_all_its_assets(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.9.0");
    BUF_OWNED application = make_wanting_application(&b, MANY_ASSETS);
    OK(sim_board_program(b.board, buf_span(&application), "application", &b.error));
    bench_open(&b);
    for (size_t i = 0; i < MANY_ASSETS; i++) {
        char name[8];
        assert_int_equal(b.board->mode, BOARD_SAFE);
        asset_name(i, name);
        BUF_OWNED asset = make_asset(&b, name, (uint8_t)i);
        bench_update_and_wait(&b, buf_span(&asset));
    }
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    assert_int_equal(b.board->keeps.asset_count, MANY_ASSETS);
    bench_end(&b);
}

static void an_application_waits_in_safe_mode_for_its_assets(void **state)
{
    (void)state;
    bench b;
    bench_board(&b, "boron", "5.9.0");
    BUF_OWNED application = make_wanting_application(&b, 1);
    OK(sim_board_program(b.board, buf_span(&application), "application", &b.error));
    assert_int_equal(b.board->mode, BOARD_SAFE);
    assert_true(bench_has_reason(&b, "needs the asset 000.txt"));
    BUF_OWNED wrong = make_asset(&b, "000.txt", 9);
    BUF_OWNED right = make_asset(&b, "000.txt", 0);
    bench_open(&b);
    bench_update_and_wait(&b, buf_span(&wrong));
    assert_int_equal(b.board->mode, BOARD_SAFE);
    bench_update_and_wait(&b, buf_span(&right));
    assert_int_equal(b.board->mode, BOARD_NORMAL);
    /* 4 MB boards: a large update is staged over the assets. */
    assert_int_equal(bench_start(&b, 606208), 0);
    assert_int_equal(b.board->keeps.asset_count, 1);
    assert_int_equal(bench_start(&b, 606209), 0);
    assert_int_equal(b.board->keeps.asset_count, 0);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assets_are_kept_by_name_and_hash),
        cmocka_unit_test(an_application_waits_for_all_its_assets),
        cmocka_unit_test(an_application_waits_in_safe_mode_for_its_assets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

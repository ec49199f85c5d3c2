/*
 * Writes the first inputs of every fuzz target: one of each form, small, made by the project's own
 * writers. Run it when a form is added, and commit what it wrote: fuzz_seeds tests/fuzz/corpus
 */
#include "fuzz/seeds.h"

#include "unit/model/forms.h"

#include <stdio.h>

#include "base/file.h"
#include "base/path.h"
#include "model/plan.h"
#include "support/recording.h"
#include "support/signed.h"
#include "support/zip.h"
#include "trust/lockfile.h"

enum {
    BODY_MAX = 200,
    SEED_MAX = 64 * 1024,
    CHOICE_DROP = 0x01, /**< as fuzz_compressed.c reads them */
    CHOICE_USER_PART = 0x02,
    CHOICE_PACK = 0x80
};

static const char *root;

void seed_keep(const char *target, const char *name, span content)
{
    osb_error error = {0};
    char path[PATH_SIZE];
    text_format(path, sizeof path, "%s/%s", root, target);
    MUST(folder_make(path, &error));
    text_append(path, sizeof path, "/%s", name);
    MUST(file_write_atomic(path, content, 0644, &error));
}

static module write_shape(shape wanted, buf *file)
{
    dice from = {100 + (uint64_t)wanted};
    shape_write(wanted, &from, BODY_MAX, file);
    return parse_sound(buf_span(file));
}

static asset cat(void)
{
    return (asset){.name = "cat.txt", .content = BYTES("meow meow meow meow\n")};
}

static asset_need need_of(const asset *item)
{
    asset_need need = {.name = item->name};
    sha256(item->content, need.sha256);
    return need;
}

static void write_wanting(shape wanted, buf *file)
{
    asset item = cat();
    asset_need need = need_of(&item);
    BUF_OWNED plain = buf_make(SEED_MAX);
    module parsed = write_shape(wanted, &plain);
    MUST(asset_needs_write(&parsed, &need, 1, file, NULL));
}

static void seed_plain_modules(void)
{
    for (unsigned i = 0; i < SHAPE_COUNT; i++) {
        char name[32];
        BUF_OWNED file = buf_make(SEED_MAX);
        write_shape((shape)i, &file);
        text_format(name, sizeof name, "plain-%02u", i);
        seed_keep("module", name, buf_span(&file));
    }
}

static void seed_special_modules(void)
{
    asset item = cat();
    BUF_OWNED asset_file = buf_make(SEED_MAX);
    BUF_OWNED packed = buf_make(SEED_MAX);
    BUF_OWNED guarded = buf_make(SEED_MAX);
    BUF_OWNED nrf = buf_make(SEED_MAX);
    BUF_OWNED rtl = buf_make(SEED_MAX);
    BUF_OWNED bootloader = buf_make(SEED_MAX);
    MUST(asset_write(&item, true, &asset_file, NULL));
    seed_keep("module", "asset", buf_span(&asset_file));
    write_wanting(SHAPE_APPLICATION_NRF52840, &nrf);
    seed_keep("module", "wanting-nrf52840", buf_span(&nrf));
    write_wanting(SHAPE_APPLICATION_RTL872X, &rtl);
    seed_keep("module", "wanting-rtl872x", buf_span(&rtl));
    module parsed = parse_sound(buf_span(&rtl));
    MUST(module_compress(&parsed, "seed", 15, &packed, NULL));
    seed_keep("module", "compressed", buf_span(&packed));
    parsed = write_shape(SHAPE_BOOTLOADER_NRF52840, &bootloader);
    MUST(module_protect(&parsed, "seed", BYTES("\x30\x02\x05\x00"), &guarded, NULL));
    seed_keep("module", "protected", buf_span(&guarded));
}

static void seed_combined_module(void)
{
    module modules[2];
    BUF_OWNED first = buf_make(SEED_MAX);
    BUF_OWNED second = buf_make(SEED_MAX);
    BUF_OWNED whole = buf_make(SEED_MAX);
    modules[0] = write_shape(SHAPE_BOOTLOADER_RTL872X, &first);
    modules[1] = write_shape(SHAPE_SYSTEM_RTL872X, &second);
    MUST(module_combine(modules, 2, &whole, NULL));
    seed_keep("module", "combined", buf_span(&whole));
}

/** What stands between prefix and suffix, behind the byte that chooses what is around it. */
static void keep_compressed(const char *name, uint8_t choice, const module *packed)
{
    module_parts parts;
    BUF_OWNED seed = buf_make(SEED_MAX);
    MUST(module_take_apart(packed, "seed", &parts, NULL));
    buf_append_u8(&seed, choice);
    buf_append(&seed, parts.body);
    seed_keep("compressed", name, buf_span(&seed));
}

static void seed_compressed(void)
{
    asset item = cat();
    BUF_OWNED dropped = buf_make(SEED_MAX);
    BUF_OWNED plain = buf_make(SEED_MAX);
    BUF_OWNED whole = buf_make(SEED_MAX);
    MUST(asset_write(&item, true, &dropped, NULL));
    module packed = parse_sound(buf_span(&dropped));
    keep_compressed("dropped", CHOICE_DROP, &packed);
    module_recipe recipe = {.start = 0x30000,
                            .version = 1,
                            .platform_id = 13,
                            .slot = {MODULE_USER_PART, 1},
                            .body = {sample_body, 300},
                            .has_product = true};
    write_module(&recipe, &plain);
    module parsed = parse_sound(buf_span(&plain));
    MUST(module_compress(&parsed, "seed", 15, &whole, NULL));
    packed = parse_sound(buf_span(&whole));
    keep_compressed("whole", CHOICE_USER_PART, &packed);
    seed_keep("compressed", "to-pack", BYTES("\x85pack pack pack pack this"));
}

static void seed_archives(void)
{
    asset item = cat();
    BUF_OWNED app = buf_make(SEED_MAX);
    BUF_OWNED wrapped = buf_make(SEED_MAX);
    ZIP_OWNED made;
    write_wanting(SHAPE_APPLICATION_NRF52840, &app);
    MUST(asset_write(&item, false, &wrapped, NULL));
    zip_begin(&made, SEED_MAX);
    zip_add(&made, &(zip_entry){.name = "app.bin", .content = buf_span(&app), .stored = true});
    zip_add(&made, &(zip_entry){.name = "assets/", .stored = true, .unix_mode = 040755});
    zip_add(&made,
            &(zip_entry){.name = "assets/cat.txt", .content = item.content, .streamed = true});
    zip_add_file(&made, "assets/env-vars", buf_span(&wrapped));
    zip_add_file(&made, "env.json", BYTES("{\"NAME\": \"value\"}"));
    seed_keep("archive", "bundle.zip", zip_end(&made));
}

static void append_listed(buf *list, const char *name, span content)
{
    buf_append_u8(list, (uint8_t)strlen(name));
    buf_append_text(list, name);
    buf_append_u16le(list, (uint16_t)content.size);
    buf_append(list, content);
}

static void seed_list(void)
{
    asset item = cat();
    BUF_OWNED app = buf_make(SEED_MAX);
    BUF_OWNED wrapped = buf_make(SEED_MAX);
    BUF_OWNED list = buf_make(SEED_MAX);
    write_wanting(SHAPE_APPLICATION_RTL872X, &app);
    MUST(asset_write(&item, true, &wrapped, NULL));
    append_listed(&list, "a.bin", buf_span(&app));
    append_listed(&list, "assets/cat.txt", item.content);
    append_listed(&list, "assets/dog", buf_span(&wrapped));
    append_listed(&list, "env.json", BYTES("{\"A\":\"\"}"));
    seed_keep("archive", "listed", buf_span(&list));
}

static void seed_snapshots(void)
{
    seed_keep(
        "snapshot", "describe.json",
        BYTES("{\"p\":32,\"m\":[\n"
              "{\"f\":\"b\",\"n\":\"0\",\"v\":2101,\"l\":\"m\",\"s\":65536,\"vc\":30,\"vv\":26,\n"
              "\"d\":[{\"f\":\"b\",\"n\":\"2\",\"v\":5,\"_\":\"\"}]},\n"
              "{\"f\":\"u\",\"n\":\"1\",\"v\":6,\"l\":\"m\",\"s\":1572864,\"vc\":30,\"vv\":30,\n"
              "\"u\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\n"
              "\"d\":[{\"f\":\"s\",\"n\":\"1\",\"v\":5301}]},\n"
              "{\"f\":\"t\",\"n\":\"0\",\"v\":0,\"l\":\"t\",\"d\":[]}]}\n"));
    seed_keep("snapshot", "snapshot.json",
              BYTES("{\"type\":\"osbundle-snapshot\",\"schema\":1,\n"
                    "\"device\":{\"id\":\"0a10aced202194944a000000\",\"platform\":\"p2\",\n"
                    "\"usb\":\"2b04:c020\",\"port\":\"1-4.2\"},\"mode\":\"safe\",\n"
                    "\"os_version\":\"5.3.1\",\"protection\":\"open\",\"modules_known\":true,\n"
                    "\"modules\":[{\"function\":{\"id\":4,\"name\":\"system_part\"},\"index\":1,\n"
                    "\"version\":5301,\"store\":\"main\",\"size\":1006748,\"max_size\":1572864,\n"
                    "\"sha256\":null,\"checks\":{\"integrity\":true,\"dependencies\":false,\n"
                    "\"range\":null},\"dependencies\":[{\"function\":{\"id\":2},\"index\":0,\n"
                    "\"version\":2101}],\"verdict\":\"required\"}]}\n"));
}

static const char some_hash[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static plan_step write_step(const platform *board, module_slot slot, uint16_t version, route via,
                            uint32_t address)
{
    plan_step step = {.operation = STEP_WRITE,
                      .slot = platform_find_slot(board, slot),
                      .file = "module.bin",
                      .release = "6.2.0",
                      .from_known = true,
                      .from = (uint16_t)(version - 1),
                      .to = version,
                      .via = via,
                      .address = address,
                      .bytes = 4096,
                      .cost_ms = 7000,
                      .reason_count = 1,
                      .reasons = {"the release has another one"}};
    assert_true(text_unhex(step.sha256, SHA256_SIZE, some_hash));
    return step;
}

/** Kept once the reader takes it. */
static void keep_plan(const plan *made, const platform_list *boards, const char *name)
{
    static plan read; /* large */
    osb_error error = {0};
    BUF_OWNED text = buf_make(64 * 1024);
    JSON_OWNED *document = plan_to_json(made);
    MUST(plan_from_json(document, name, boards, &read, &error));
    MUST(json_to_text(document, &text, &error));
    seed_keep("plan", name, buf_span(&text));
}

static void seed_refused_plan(const platform_list *boards, const platform *board)
{
    static plan made; /* large */
    made = (plan){.board = board,
                  .device_id = "e00fce68123456789abcdef0",
                  .goal_version = "6.2.0",
                  .refusal_count = 1,
                  .refusals = {"the board is protected"},
                  .fact_count = 1,
                  .facts = {"its protection is: protected"},
                  .remedy_count = 1,
                  .remedies = {"open service mode"}};
    text_copy(made.fingerprint, sizeof made.fingerprint, some_hash);
    keep_plan(&made, boards, "refused.json");
}

static void add_all_steps(const platform *board, plan *made)
{
    const module_slot loader = {MODULE_BOOTLOADER, 0}, app = {MODULE_USER_PART, 2};
    const plan_step steps[] = {
        write_step(board, loader, 3001, ROUTE_CONTROL, 0),
        {.operation = STEP_MODE, .cost_ms = 2500},
        {.operation = STEP_INVALIDATE,
         .slot = platform_find_slot(board, (module_slot){MODULE_USER_PART, 1}),
         .via = ROUTE_DFU,
         .address = board->former_user_part,
         .bytes = 4096,
         .guard = true,
         .compare_first = true},
        write_step(board, (module_slot){MODULE_SYSTEM_PART, 1}, 6200, ROUTE_DFU, 0x28000),
        write_step(board, app, 6, ROUTE_DFU, 0xb4000),
        write_step(board, loader, 3100, ROUTE_STAGED, 0x8024c000),
        {.operation = STEP_SETTINGS,
         .setting = SETTING_UPDATE_FLAG,
         .value = UPDATE_FLAG_SET,
         .via = ROUTE_DFU,
         .bytes = 1},
        {.operation = STEP_BOOT, .critical = true},
        {.operation = STEP_SETTINGS,
         .setting = SETTING_SETUP_DONE,
         .value = SETUP_DONE_SET,
         .via = ROUTE_CONTROL,
         .bytes = 1},
    };
    made->step_count = sizeof steps / sizeof *steps;
    memcpy(made->steps, steps, sizeof steps);
}

/** All kinds of steps that a plan can have, and none that the planner thought of: what it finds,
 *  and how it says so, is no form of the file. */
static void seed_plans(void)
{
    static plan made; /* large */
    ARENA_OWNED memory = {0};
    platform_list boards;
    assert_int_equal(platform_load_all(&memory, &boards, NULL), OSB_OK);
    const platform *board = platform_by_name(&boards, "boron");
    seed_refused_plan(&boards, board);
    made = (plan){.board = board,
                  .goal_version = "6.2.0",
                  .via_count = 1,
                  .via = {"6.1.1"},
                  .file_count = 1,
                  .files = {"module.bin"},
                  .goal_app = "app.bin",
                  .after_count = 1,
                  .after = {{{MODULE_BOOTLOADER, 0}, 3100}},
                  .warning_count = 1,
                  .warnings = {"do not unplug the board"}};
    text_copy(made.fingerprint, sizeof made.fingerprint, some_hash);
    add_all_steps(board, &made);
    keep_plan(&made, &boards, "all-steps.json");
}

static void keep_lock(const char *name, const release *sets, size_t count)
{
    BUF_OWNED text = buf_make(64 * 1024);
    JSON_OWNED *document = lockfile_to_json(sets, count);
    MUST(json_to_text(document, &text, NULL));
    seed_keep("lock", name, buf_span(&text));
}

/** A release for an Argon, with an application beside it, and for two platforms. */
static void seed_locks(void)
{
    static const char *const names[] = {"argon", "boron"};
    ARENA_OWNED memory = {0};
    platform_list boards;
    catalog known = {0};
    release sets[2];
    MUST(platform_load_all(&memory, &boards, NULL));
    MUST(catalog_load(&known, NULL));
    for (size_t k = 0; k < 2; k++) {
        MUST(catalog_release(&known, "4.0.2", platform_by_name(&boards, names[k]), &sets[k], NULL));
        for (size_t i = 0; i < sets[k].module_count; i++)
            sets[k].modules[i].size += !sets[k].modules[i].size; /* not all of them are known */
    }
    keep_lock("argon.json", sets, 1);
    keep_lock("argon-and-boron.json", sets, 2);
    catalog_free(&known);
}

static void seed_signatures(void)
{
    seed_keep("signature", "by-minisign", BYTES(signed_by_minisign));
    seed_keep("key", "secret", BYTES(their_secret));
    seed_keep("key", "public", BYTES(their_public));
    seed_keep(
        "key", "encrypted",
        BYTES("untrusted comment: minisign encrypted secret key\n"
              "RWRTY0Iyq/1T2deblMZq1qISFgXhm5hIPiICGyz7LIhTHxrFfz4AAAACAAAAAAAAAEAAAAAAn9dMcjTy"
              "q1zfI5wrmcIIvCE6ejNMLRdsezJts3haKA/FPEKPJ3uu5o1shUDRiOtjzua17G3e4luVukUZY753S21X"
              "QCOIx8g8kgyV26BLQCdhdjvuRjJnqMERqTko+ryJWyGhs4VdoY0=\n"));
    seed_keep(
        "seen", "both.json",
        BYTES("{\"type\": \"osbundle-seen\", \"schema\": 1, \"mirrors\": {\n"
              "\"https://mirror.example\": {\"664ABD2C55CC63F9\": 6}}, \"releases\":\n"
              "{\"5.3.1\": {\"p2\": "
              "{\"bootloader/"
              "0\":\n\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\"}}}}\n"));
}

static void seed_trace(const recording_ground *ground, const char *board, const char *version)
{
    BUF_OWNED text = buf_make(SEED_MAX);
    recording_of_fresh(ground, board, version, &text);
    MUST(buf_check(&text, board, NULL));
    seed_keep("trace", board, buf_span(&text));
}

/** A board without control requests, which is reached by its serial port. */
static void seed_old_trace(const recording_ground *ground)
{
    BUF_OWNED text = buf_make(SEED_MAX);
    sim_world *world;
    MUST(sim_world_make(&ground->known, &ground->platforms, &world, NULL));
    recording_add_aged(ground, world, "photon", "2.3.1", 23);
    recording_of(ground, sim_world_transport(world), &text);
    sim_world_free(world);
    MUST(buf_check(&text, "old photon", NULL));
    seed_keep("trace", "photon-0.5.5", buf_span(&text));
}

static void seed_traces(void)
{
    recording_ground ground = {0};
    recording_begin(&ground);
    seed_trace(&ground, "p2", "5.3.1");
    seed_trace(&ground, "boron", "4.2.0");
    seed_old_trace(&ground);
    recording_end(&ground);
}

static void seed_consoles(void)
{
    static const char talk[] = "system firmware version: 2.3.1\n\r\nDevice ID: "
                               "e00fce68123456789abcdef0\r\nIMEI: 001010232915743\r\nICCID: "
                               "8900100250232915743\r\n";
    static const char old_talk[] =
        "tick\r\nsystem firmware version: 0.5.5 minimal\n\r\nYour device id is "
        "3f0021000551353432383931\r\n";
    seed_keep("console", "cellular", BYTES(talk));
    seed_keep("console", "photon-with-log", BYTES(old_talk));
}

/** A release and a page of releases, as GitHub and as Particle's cloud tell of them. */
static void seed_listings(void)
{
    static const char github_release[] =
        "{\"tag_name\":\"v5.3.1\",\"draft\":false,\"prerelease\":true,\"assets\":["
        "{\"name\":\"p2-bootloader@5.3.1.bin\",\"state\":\"uploaded\",\"size\":52524,\"digest\":"
        "\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
        "\"browser_download_url\":\"https://example.org/p2-bootloader%405.3.1.bin\"},"
        "{\"name\":\"p2-tinker@5.3.1.bin\",\"state\":\"starter\"}]}";
    static const char github_page[] =
        "[{\"tag_name\":\"v5.3.1\"},{\"tag_name\":\"v6.0.0-rc.1\",\"prerelease\":true},"
        "{\"tag_name\":\"v9.0.0\",\"draft\":true},{\"tag_name\":\"photon_043\"}]";
    static const char particle_release[] =
        "{\"version\":\"2.3.1\",\"release_state\":\"ga\",\"supported_platforms\":[10],"
        "\"base_url\":\"https://example.org/firmware/v2.3.1\",\"modules\":[{\"filename\":"
        "\"electron-system-part1@2.3.1.bin\",\"crc\":{\"ok\":1,\"storedCrc\":\"0a1b2c3d\","
        "\"actualCrc\":\"0a1b2c3d\"},\"prefixInfo\":{\"moduleVersion\":2302,\"platformID\":10,"
        "\"moduleFunction\":\"system_part\",\"moduleIndex\":3,\"depModuleFunction\":"
        "\"system-part\",\"depModuleIndex\":2,\"depModuleVersion\":110,\"dep2ModuleFunction\":0,"
        "\"dep2ModuleIndex\":0,\"dep2ModuleVersion\":0},\"suffixInfo\":{\"fwUniqueId\":"
        "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}}]}";
    static const char particle_page[] =
        "{\"meta\":{\"total\":2},\"versions\":[{\"version\":\"5.3.1\",\"internal_version\":5301,"
        "\"release_state\":\"ga\"},{\"version\":\"0.8.0-rc.1\",\"state\":\"pre_release\"}]}";
    seed_keep("listing", "github-release.json", BYTES(github_release));
    seed_keep("listing", "github-page.json", BYTES(github_page));
    seed_keep("listing", "particle-release.json", BYTES(particle_release));
    seed_keep("listing", "particle-page.json", BYTES(particle_page));
}

static void write_all(void **state)
{
    (void)state;
    seed_listings();
    seed_plain_modules();
    seed_consoles();
    seed_special_modules();
    seed_combined_module();
    seed_compressed();
    seed_archives();
    seed_list();
    seed_snapshots();
    seed_plans();
    seed_locks();
    seed_signatures();
    seed_traces();
    seed_device_bytes();
    seed_http();
}

int main(int count, char **words)
{
    const struct CMUnitTest seeds[] = {cmocka_unit_test(write_all)};
    if (count != 2) {
        fprintf(stderr, "usage: %s tests/fuzz/corpus\n", words[0]);
        return 2;
    }
    root = words[1];
    return cmocka_run_group_tests(seeds, NULL, NULL);
}

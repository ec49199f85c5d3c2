/*
 * Every form of module, thousands of random ones: what was written reads back as it was, and what
 * was taken apart goes together again, byte for byte. Seeds are fixed, so a failure comes again.
 */
#include "unit/model/forms.h"

enum {
    ROUNDS = 400, /**< of each shape */
    BODY_MAX = 700,
    NEEDS_MAX = 6
};

typedef void (*each_module)(const module *parsed, dice *from);

/** Calls `look` with random modules of all shapes. */
static void for_each_module(uint64_t seed, each_module look)
{
    dice from = {seed};
    for (unsigned i = 0; i < ROUNDS * SHAPE_COUNT; i++) {
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        shape_write((shape)(i % SHAPE_COUNT), &from, BODY_MAX, &file);
        module parsed = assert_sealed(buf_span(&file));
        look(&parsed, &from);
    }
}

static void assert_reassembles(const module *parsed)
{
    module_parts parts;
    BUF_OWNED again = buf_make(MODULE_FILE_MAX);
    MUST(module_take_apart(parsed, "sample", &parts, NULL));
    MUST(module_assemble(&parts, &again, NULL));
    assert_same_bytes(buf_span(&again), parsed->image);
}

static void look_at_parts(const module *parsed, dice *from)
{
    (void)from;
    assert_reassembles(parsed);
}

static void parts_in_their_order_are_the_module(void **state)
{
    (void)state;
    for_each_module(1, look_at_parts);
}

static bool may_be_compressed(const module *parsed)
{
    uint8_t function = parsed->slot.function;
    return function == MODULE_SYSTEM_PART || function == MODULE_USER_PART ||
           function == MODULE_ASSET;
}

static void assert_expands(const module *parsed, unsigned window_bits)
{
    module inner;
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    BUF_OWNED original = buf_make(MODULE_FILE_MAX);
    MUST(module_compress(parsed, "sample", window_bits, &packed, NULL));
    module outer = assert_sealed(buf_span(&packed));
    assert_int_equal(outer.prefix_offset, 0);
    assert_int_equal(outer.flags, parsed->flags | MODULE_COMPRESSED);
    assert_int_equal(outer.start, parsed->start);
    assert_same_module(&outer, parsed);
    assert_reassembles(&outer);
    MUST(module_expand(&outer, "sample", &original, &inner, NULL));
    assert_same_bytes(buf_span(&original), parsed->image);
    assert_same_module(&inner, parsed);
}

static void look_at_compression(const module *parsed, dice *from)
{
    BUF_OWNED packed = buf_make(MODULE_FILE_MAX);
    if (may_be_compressed(parsed))
        assert_expands(parsed, 9 + roll(from, 7));
    else
        assert_int_equal(module_compress(parsed, "sample", 15, &packed, NULL), OSB_ERR_REFUSED);
}

static void what_was_compressed_expands_to_the_same_bytes(void **state)
{
    (void)state;
    for_each_module(2, look_at_compression);
}

static void look_at_product(const module *parsed, dice *from)
{
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    BUF_OWNED back = buf_make(MODULE_FILE_MAX);
    product_data other = {(uint16_t)(1 + roll(from, 65534)), (uint16_t)roll(from, 65536)};
    if (!parsed->has_product) {
        assert_int_equal(module_write_product(parsed, "sample", other, &file, NULL),
                         OSB_ERR_REFUSED);
        return;
    }
    MUST(module_write_product(parsed, "sample", other, &file, NULL));
    module changed = assert_sealed(buf_span(&file));
    assert_int_equal(changed.product_id, other.id);
    assert_int_equal(changed.product_version, other.version);
    assert_int_equal(changed.image.size, parsed->image.size);
    product_data first = {parsed->product_id, parsed->product_version};
    MUST(module_write_product(&changed, "sample", first, &back, NULL));
    assert_same_bytes(buf_span(&back), parsed->image);
}

static void a_product_is_written_and_taken_back(void **state)
{
    (void)state;
    for_each_module(3, look_at_product);
}

static size_t random_needs(dice *from, asset_need *needs, char (*names)[ASSET_NAME_SIZE])
{
    size_t count = roll(from, NEEDS_MAX + 1);
    for (unsigned i = 0; i < count; i++) {
        random_name(from, i, names[i]);
        needs[i] = (asset_need){.name = names[i]};
        for (size_t k = 0; k < SHA256_SIZE; k++)
            needs[i].sha256[k] = (uint8_t)roll(from, 256);
    }
    return count;
}

static void assert_needs(const module *parsed, const asset_need *wanted, size_t count)
{
    ARENA_OWNED memory = {0};
    const asset_need *read;
    size_t found;
    MUST(asset_needs_list(parsed, "sample", &memory, &read, &found, NULL));
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(read[i].name, wanted[i].name);
        assert_true(read[i].checkable);
        assert_int_equal(read[i].in_prefix, module_grows_left(parsed));
        assert_memory_equal(read[i].sha256, wanted[i].sha256, SHA256_SIZE);
    }
}

/** The body of an application is where it was, whatever grew around it. */
static void assert_same_code(const module *one, const module *other)
{
    module_parts first, second;
    MUST(module_take_apart(one, "sample", &first, NULL));
    MUST(module_take_apart(other, "sample", &second, NULL));
    assert_same_bytes(first.body, second.body);
    assert_int_equal(first.start + (first.body.data - one->image.data),
                     second.start + (second.body.data - other->image.data));
}

static void look_at_needs(const module *parsed, dice *from)
{
    asset_need needs[NEEDS_MAX];
    char names[NEEDS_MAX][ASSET_NAME_SIZE];
    size_t count = random_needs(from, needs, names);
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    BUF_OWNED back = buf_make(MODULE_FILE_MAX);
    if (parsed->slot.function != MODULE_USER_PART) {
        assert_int_equal(asset_needs_write(parsed, needs, count, &file, NULL), OSB_ERR_REFUSED);
        return;
    }
    MUST(asset_needs_write(parsed, needs, count, &file, NULL));
    module wanting = assert_sealed(buf_span(&file));
    assert_same_module(&wanting, parsed);
    assert_same_code(&wanting, parsed);
    assert_needs(&wanting, needs, count);
    assert_reassembles(&wanting);
    assert_expands(&wanting, 15);
    location_finding location = module_check_location(&wanting);
    assert_true(location == LOCATION_AGREES || location == LOCATION_ABSENT);
    if (module_grows_left(parsed))
        assert_int_equal(wanting.end, parsed->end);
    if (module_grows_left(parsed) && count)
        assert_int_equal(wanting.start % 8, 0);
    MUST(asset_needs_write(&wanting, NULL, 0, &back, NULL));
    assert_same_bytes(buf_span(&back), parsed->image);
}

static void asset_needs_are_written_and_taken_back(void **state)
{
    (void)state;
    for_each_module(4, look_at_needs);
}

static void look_at_protection(const module *parsed, dice *from)
{
    uint8_t certificate[2 + 100] = {0x30, 100};
    span der = {certificate, roll(from, 2) ? sizeof certificate : 0};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    bool fits = slot_equal(parsed->slot, (module_slot){MODULE_BOOTLOADER, 0});
    osb_status status = module_protect(parsed, "sample", der, &file, NULL);
    assert_int_equal(status, fits ? OSB_OK : OSB_ERR_REFUSED);
    assert_false(module_is_protected(parsed));
    if (!fits)
        return;
    security_mode security;
    module guarded = assert_sealed(buf_span(&file));
    assert_true(module_is_protected(&guarded));
    assert_true(module_read_security(&guarded, &security));
    assert_same_bytes(security.certificate, der);
    assert_same_module(&guarded, parsed);
    assert_same_code(&guarded, parsed);
    size_t grown = parsed->platform_id == 32 ? 5 : 9;
    assert_int_equal(guarded.image.size, parsed->image.size + grown + der.size);
    assert_reassembles(&guarded);
}

static void only_bootloaders_are_protected_and_keep_their_code(void **state)
{
    (void)state;
    for_each_module(5, look_at_protection);
}

static void assets_are_wrapped_and_unwrapped(void **state)
{
    (void)state;
    dice from = {6};
    for (unsigned i = 0; i < ROUNDS * 4; i++) {
        asset made = {.type = (uint8_t)roll(&from, 3)}, read;
        BUF_OWNED content = buf_make(MODULE_FILE_MAX);
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        BUF_OWNED storage = buf_make(MODULE_FILE_MAX);
        random_name(&from, i, made.name);
        append_body(&from, roll(&from, BODY_MAX), &content);
        made.content = buf_span(&content);
        bool compressed = roll(&from, 2);
        MUST(asset_write(&made, compressed, &file, NULL));
        module parsed = assert_sealed(buf_span(&file));
        assert_int_equal(parsed.slot.function, MODULE_ASSET);
        assert_int_equal(parsed.flags & MODULE_COMPRESSED, compressed ? MODULE_COMPRESSED : 0);
        assert_reassembles(&parsed);
        MUST(asset_read(&parsed, "sample", &storage, &read, NULL));
        assert_string_equal(read.name, made.name);
        assert_int_equal(read.type, made.type);
        assert_same_bytes(read.content, made.content);
    }
}

/** Some modules of any shape, some of them compressed, in one combined file. */
static size_t random_combination(dice *from, buf *files, module *modules)
{
    size_t count = 1 + roll(from, 4);
    for (size_t i = 0; i < count; i++) {
        files[i] = buf_make(MODULE_FILE_MAX);
        shape_write((shape)roll(from, SHAPE_COUNT), from, BODY_MAX, &files[i]);
        modules[i] = parse_sound(buf_span(&files[i]));
        if (!may_be_compressed(&modules[i]) || roll(from, 2))
            continue;
        buf packed = buf_make(MODULE_FILE_MAX);
        MUST(module_compress(&modules[i], "sample", 15, &packed, NULL));
        buf_free(&files[i]);
        files[i] = packed;
        modules[i] = parse_sound(buf_span(&files[i]));
    }
    return count;
}

static void combined_modules_are_split_again(void **state)
{
    (void)state;
    dice from = {7};
    for (unsigned round = 0; round < ROUNDS * 3; round++) {
        ARENA_OWNED memory = {0};
        BUF_OWNED whole = buf_make(MODULE_FILE_MAX);
        static buf files[4];
        static module modules[4];
        const module *split;
        size_t found, count = random_combination(&from, files, modules);
        MUST(module_combine(modules, count, &whole, NULL));
        MUST(module_split(buf_span(&whole), "sample", &memory, &split, &found, NULL));
        assert_int_equal(found, count);
        for (size_t i = 0; i < count; i++) {
            BUF_OWNED single = buf_make(MODULE_FILE_MAX);
            assert_int_equal(split[i].flags & MODULE_COMBINED, i + 1 < count ? MODULE_COMBINED : 0);
            assert_sealed(split[i].image);
            MUST(module_write_single(&split[i], "sample", &single, NULL));
            assert_same_bytes(buf_span(&single), modules[i].image);
            buf_free(&files[i]);
        }
    }
}

/** Readers look for extensions only in more than 8 bytes; a lone short one would go unseen. */
static void a_short_list_is_made_long_enough_to_be_looked_for(void **state)
{
    (void)state;
    dice from = {8};
    for (uint8_t size = 0; size < 8; size++) {
        module_parts parts;
        BUF_OWNED plain = buf_make(MODULE_FILE_MAX);
        BUF_OWNED added = buf_make(100);
        BUF_OWNED list = buf_make(100);
        BUF_OWNED file = buf_make(MODULE_FILE_MAX);
        shape_write(SHAPE_SYSTEM_STM32F2, &from, BODY_MAX, &plain);
        module parsed = parse_sound(buf_span(&plain));
        MUST(module_take_apart(&parsed, "x", &parts, NULL));
        extension_append(&added, 0x77, (span){plain.data, size});
        MUST(module_replace_in_suffix(&parsed, &parts, 0x77, buf_span(&added), &list, NULL));
        parts.suffix_extensions = buf_span(&list);
        MUST(module_assemble(&parts, &file, NULL));
        module changed = assert_sealed(buf_span(&file));
        assert_int_equal(changed.extensions[0].type, 0x77);
        assert_int_equal(changed.extensions[0].data.size, size);
        assert_false(changed.has_product);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_in_their_order_are_the_module),
        cmocka_unit_test(what_was_compressed_expands_to_the_same_bytes),
        cmocka_unit_test(a_product_is_written_and_taken_back),
        cmocka_unit_test(asset_needs_are_written_and_taken_back),
        cmocka_unit_test(only_bootloaders_are_protected_and_keep_their_code),
        cmocka_unit_test(assets_are_wrapped_and_unwrapped),
        cmocka_unit_test(combined_modules_are_split_again),
        cmocka_unit_test(a_short_list_is_made_long_enough_to_be_looked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

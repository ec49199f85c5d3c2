/*
 * Secret keys: made, sealed by a password, opened, taken apart from text and written as text.
 *
 * Asks for no password and touches no disk. Invariant: a key that was opened is whole - its
 * checksum holds, and its public half is the one that belongs to its seed.
 */
#define _DEFAULT_SOURCE
#include "trust/secret_key.h"

#include <string.h>

#include "trust/minisign_text.h"

/** How a file is packed: three algorithms of 2 bytes, salt, costs, box. */
enum {
    PACKED_KDF = 2,
    PACKED_CHECKSUM = 4,
    PACKED_SALT = 6,
    PACKED_OPERATIONS = PACKED_SALT + SECRET_KEY_SALT,
    PACKED_MEMORY = PACKED_OPERATIONS + 8,
    PACKED_BOX = PACKED_MEMORY + 8,
    PACKED_SIZE = PACKED_BOX + SECRET_KEY_BOX
};

enum {
    BOX_KEY = KEY_ID_SIZE,
    BOX_CHECKSUM = BOX_KEY + SECRET_KEY_SIZE,
    CHECKSUM_SIZE = SECRET_KEY_BOX - BOX_CHECKSUM,
    SEED_SIZE = SECRET_KEY_SIZE - PUBLIC_KEY_SIZE
};

static const char file_hint[] = "give a secret key that minisign or `osbundle key generate` made";
static const char password_hint[] = "try the password again; a damaged key file needs its backup";

/** Bytes that may not stay behind. */
typedef struct secret_bytes {
    uint8_t bytes[PACKED_SIZE];
} secret_bytes;

static void wipe_bytes(secret_bytes *secret)
{
    explicit_bzero(secret, sizeof *secret);
}

#define WIPED __attribute__((cleanup(wipe_bytes))) secret_bytes

void secret_key_wipe(secret_key *key)
{
    explicit_bzero(key, sizeof *key);
}

void secret_key_file_wipe(secret_key_file *file)
{
    explicit_bzero(file, sizeof *file);
}

secret_key_cost secret_key_cost_usual(void)
{
    return (secret_key_cost){crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE,
                             crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE};
}

static bool cost_is_bearable(const secret_key_cost *cost)
{
    const secret_key_cost most = secret_key_cost_usual();
    return cost->operations >= crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_MIN &&
           cost->operations <= most.operations &&
           cost->memory_bytes >= crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_MIN &&
           cost->memory_bytes <= most.memory_bytes;
}

static uint64_t load_u64le(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (size_t i = 8; i-- > 0;)
        value = value << 8 | bytes[i];
    return value;
}

static void store_u64le(uint8_t *bytes, uint64_t value)
{
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static osb_status fail_file(const char *name, const char *what, osb_error *error)
{
    return osb_fail(error, OSB_ERR_SIGNATURE, name, file_hint, "%s", what);
}

osb_status secret_key_parse(span text, const char *name, secret_key_file *file, osb_error *error)
{
    sodium_library sodium;
    WIPED packed;
    span ignored;
    *file = (secret_key_file){0};
    TRY(sodium_library_open(&sodium, error));
    if (!minisign_take_comment(&text, MINISIGN_UNTRUSTED, MINISIGN_COMMENT_MAX, &ignored) ||
        !minisign_take_bytes(&sodium, &text, packed.bytes, PACKED_SIZE) || text.size)
        return fail_file(name, "is no secret key", error);
    const uint8_t *kdf = packed.bytes + PACKED_KDF;
    file->encrypted = memcmp(kdf, "Sc", 2) == 0;
    if (memcmp(packed.bytes, "Ed", 2) != 0 || memcmp(packed.bytes + PACKED_CHECKSUM, "B2", 2) != 0)
        return fail_file(name, "is a key of another kind than Ed25519 with BLAKE2b", error);
    if (!file->encrypted && memcmp(kdf, "\0\0", 2) != 0)
        return fail_file(name, "is encrypted in another way than by scrypt", error);
    file->cost = (secret_key_cost){load_u64le(packed.bytes + PACKED_OPERATIONS),
                                   load_u64le(packed.bytes + PACKED_MEMORY)};
    if (file->encrypted && !cost_is_bearable(&file->cost))
        return fail_file(name, "asks for more or less work than a password of minisign", error);
    memcpy(file->salt, packed.bytes + PACKED_SALT, sizeof file->salt);
    memcpy(file->box, packed.bytes + PACKED_BOX, sizeof file->box);
    return OSB_OK;
}

/** Encrypts or decrypts a box: the same either way. */
static osb_status turn_box(const sodium_library *sodium, const char *password,
                           const secret_key_file *how, uint8_t box[SECRET_KEY_BOX],
                           osb_error *error)
{
    WIPED stream;
    if (sodium->crypto_pwhash_scryptsalsa208sha256(
            stream.bytes, SECRET_KEY_BOX, password, strlen(password), how->salt,
            how->cost.operations, (size_t)how->cost.memory_bytes) != 0)
        return osb_fail(error, OSB_ERR_INTERNAL, NULL, "free some memory and try again",
                        "turning the password into a key takes %u MiB of memory",
                        (unsigned)(how->cost.memory_bytes >> 20));
    for (size_t i = 0; i < SECRET_KEY_BOX; i++)
        box[i] ^= stream.bytes[i];
    return OSB_OK;
}

static void checksum_of(const sodium_library *sodium, const uint8_t box[SECRET_KEY_BOX],
                        uint8_t checksum[CHECKSUM_SIZE])
{
    WIPED whole;
    memcpy(whole.bytes, "Ed", 2);
    memcpy(whole.bytes + 2, box, BOX_CHECKSUM);
    sodium->crypto_generichash(checksum, CHECKSUM_SIZE, whole.bytes, 2 + BOX_CHECKSUM, NULL, 0);
}

/** Whether both halves of the key belong together. */
static bool is_whole(const sodium_library *sodium, const secret_key *key)
{
    uint8_t public_half[PUBLIC_KEY_SIZE];
    SECRET_KEY_OWNED again;
    sodium->crypto_sign_seed_keypair(public_half, again.bytes, key->bytes);
    return sodium->sodium_memcmp(again.bytes, key->bytes, SECRET_KEY_SIZE) == 0;
}

osb_status secret_key_open(const secret_key_file *file, const char *password, const char *name,
                           secret_key *key, osb_error *error)
{
    sodium_library sodium;
    WIPED box;
    uint8_t checksum[CHECKSUM_SIZE];
    TRY(sodium_library_open(&sodium, error));
    memcpy(box.bytes, file->box, SECRET_KEY_BOX);
    if (file->encrypted) {
        TRY(turn_box(&sodium, password ? password : "", file, box.bytes, error));
        checksum_of(&sodium, box.bytes, checksum);
        if (sodium.sodium_memcmp(checksum, box.bytes + BOX_CHECKSUM, CHECKSUM_SIZE) != 0)
            return osb_fail(error, OSB_ERR_SIGNATURE, name, password_hint,
                            "the password is wrong, or the key is damaged");
    }
    memcpy(key->id, box.bytes, KEY_ID_SIZE);
    memcpy(key->bytes, box.bytes + BOX_KEY, SECRET_KEY_SIZE);
    if (!is_whole(&sodium, key))
        return fail_file(name, "the key is damaged: its halves do not belong together", error);
    return OSB_OK;
}

osb_status secret_key_generate(secret_key *key, osb_error *error)
{
    sodium_library sodium;
    uint8_t public_half[PUBLIC_KEY_SIZE];
    TRY(sodium_library_open(&sodium, error));
    sodium.randombytes_buf(key->id, sizeof key->id);
    sodium.crypto_sign_keypair(public_half, key->bytes);
    return OSB_OK;
}

/** Encrypts at the cost that the machine can pay. */
static osb_status seal(const sodium_library *sodium, const char *password, secret_key_file *file,
                       osb_error *error)
{
    sodium->randombytes_buf(file->salt, sizeof file->salt);
    checksum_of(sodium, file->box, file->box + BOX_CHECKSUM);
    for (;;) {
        osb_status status = turn_box(sodium, password, file, file->box, error);
        secret_key_cost less = {file->cost.operations / 2, file->cost.memory_bytes / 2};
        if (status == OSB_OK || !cost_is_bearable(&less))
            return status;
        file->cost = less;
    }
}

osb_status secret_key_write(const secret_key *key, const char *password, secret_key_cost cost,
                            buf *text, osb_error *error)
{
    sodium_library sodium;
    SECRET_KEY_FILE_OWNED file = {0};
    WIPED packed = {0};
    TRY(sodium_library_open(&sodium, error));
    memcpy(file.box, key->id, KEY_ID_SIZE);
    memcpy(file.box + BOX_KEY, key->bytes, SECRET_KEY_SIZE);
    if (password) {
        file.cost = cost;
        TRY(seal(&sodium, password, &file, error));
    }
    memcpy(packed.bytes, "Ed", 2);
    memcpy(packed.bytes + PACKED_KDF, password ? "Sc" : "\0\0", 2);
    memcpy(packed.bytes + PACKED_CHECKSUM, "B2", 2);
    memcpy(packed.bytes + PACKED_SALT, file.salt, sizeof file.salt);
    store_u64le(packed.bytes + PACKED_OPERATIONS, file.cost.operations);
    store_u64le(packed.bytes + PACKED_MEMORY, file.cost.memory_bytes);
    memcpy(packed.bytes + PACKED_BOX, file.box, sizeof file.box);
    buf_append_text(text, MINISIGN_UNTRUSTED "minisign encrypted secret key\n");
    minisign_append_bytes(&sodium, text, (span){packed.bytes, PACKED_SIZE});
    return buf_check(text, "secret key", error);
}

public_key secret_key_public(const secret_key *key)
{
    public_key shown;
    memcpy(shown.id, key->id, KEY_ID_SIZE);
    memcpy(shown.bytes, key->bytes + SEED_SIZE, PUBLIC_KEY_SIZE);
    return shown;
}

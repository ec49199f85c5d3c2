/*
 * Signatures: what stock minisign signed holds here, and no changed byte does.
 */
#include "unit/trust/fixtures.h"

#include "support/signed.h"
#include "trust/minisig.h"

/* By `minisign -S -l`. */
static const char signed_in_old_form[] =
    "untrusted comment: signature from minisign secret key\n"
    "RWT5Y8xVLL1KZreGssYAoiLIET1M7SdA/e3moJtgvD/"
    "OWY5FtPfRixI+cYwfDA4CWcRTuhPd3HgCBL0cfVgjWsRqTH2EHShXiwQ=\n"
    "trusted comment: role:lock\n"
    "Wos39c0jg/HNJpnWO6Y5XeXXh28l9tCMELWe0pOmGSx0yrc+WRyp20XCs+GJbhj1YKUBaphBDem4Y5Qj24pACg==\n";

/** A keyring with that one key. */
static keyring trusting(const char *words)
{
    keyring ring = {0};
    assert_int_equal(keyring_trust(&ring, words, NULL), OSB_OK);
    return ring;
}

static osb_status check(span text, span of, const keyring *ring, minisig *signature,
                        osb_error *error)
{
    content_digest digest;
    const public_key *signer;
    assert_int_equal(content_digest_of(of, &digest, NULL), OSB_OK);
    TRY(minisig_parse(text, "content.minisig", signature, error));
    osb_status status = minisig_verify(signature, &digest, ring, "content", &signer, error);
    assert_int_equal(signer != NULL, status == OSB_OK);
    return status;
}

static void assert_refused(span text, span of, const keyring *ring, const char *part)
{
    minisig signature;
    osb_error error = {0};
    assert_int_equal(check(text, of, ring, &signature, &error), OSB_ERR_SIGNATURE);
    assert_true(*error.hint);
    if (!strstr(error.message, part))
        fail_msg("'%s' does not say '%s'", error.message, part);
}

static void what_minisign_signed_holds(void **state)
{
    (void)state;
    minisig signature;
    keyring ring = trusting(their_public);
    assert_int_equal(
        check(span_of(signed_by_minisign), span_of(signed_content), &ring, &signature, NULL),
        OSB_OK);
    assert_string_equal(signature.comment, "role:lock version:7 expires:2027-01-31");
}

/** Signs with the key that minisign made. */
static void sign(const char *of, const char *comment, buf *text)
{
    SECRET_KEY_FILE_OWNED file;
    SECRET_KEY_OWNED key;
    content_digest digest;
    assert_int_equal(secret_key_parse(span_of(their_secret), "m.key", &file, NULL), OSB_OK);
    assert_false(file.encrypted);
    assert_int_equal(secret_key_open(&file, NULL, "m.key", &key, NULL), OSB_OK);
    assert_int_equal(content_digest_of(span_of(of), &digest, NULL), OSB_OK);
    assert_int_equal(minisig_write(&key, &digest, comment, text, NULL), OSB_OK);
}

static void what_is_signed_here_is_what_minisign_signs(void **state)
{
    (void)state;
    BUF_OWNED text = buf_make(MINISIG_MAX);
    sign(signed_content, "role:lock version:7 expires:2027-01-31", &text);
    const char *theirs = strchr(signed_by_minisign, '\n');
    const uint8_t *ours = memchr(text.data, '\n', text.size);
    assert_int_equal(text.size - (size_t)(ours - text.data), strlen(theirs));
    assert_memory_equal(ours, theirs, strlen(theirs)); /* Ed25519 has no randomness in it */
}

static void no_changed_byte_of_the_content_holds(void **state)
{
    (void)state;
    keyring ring = trusting(their_public);
    char changed[sizeof signed_content];
    for (size_t i = 0; i < sizeof signed_content - 1; i++) {
        memcpy(changed, signed_content, sizeof signed_content);
        changed[i] ^= 1;
        assert_refused(span_of(signed_by_minisign), span_of(changed), &ring, "is not what key");
    }
    assert_refused(span_of(signed_by_minisign), span_of("osbundle"), &ring, "is not what key");
    assert_refused(span_of(signed_by_minisign), span_of(""), &ring, "is not what key");
}

static char flipped(char c, size_t bit)
{
    return (char)((unsigned char)c ^ 1u << bit);
}

/** Every byte, to every other value it could be mistaken for: but for the untrusted comment. */
static void no_changed_byte_of_the_signature_holds(void **state)
{
    (void)state;
    static const char letters[] = "\0\n\r\t =+/AZaz09-\x80\xff";
    keyring ring = trusting(their_public);
    size_t size = strlen(signed_by_minisign);
    const size_t comment = strlen("untrusted comment: ");
    const size_t comment_end = (size_t)(strchr(signed_by_minisign, '\n') - signed_by_minisign);
    for (size_t i = 0; i < size; i++) {
        if (i >= comment && i < comment_end)
            continue;
        for (size_t k = 0; k < sizeof letters - 1 + 8; k++) {
            minisig signature;
            char changed[sizeof signed_by_minisign];
            memcpy(changed, signed_by_minisign, sizeof changed);
            changed[i] = k < 8 ? flipped(changed[i], k) : letters[k - 8];
            osb_status status = check((span){(uint8_t *)changed, size}, span_of(signed_content),
                                      &ring, &signature, NULL);
            if (changed[i] != signed_by_minisign[i] && status != OSB_ERR_SIGNATURE)
                fail_msg("byte %zu, changed to %02x, went unnoticed", i, (unsigned char)changed[i]);
        }
    }
}

static void no_part_of_a_signature_holds(void **state)
{
    (void)state;
    minisig signature;
    keyring ring = trusting(their_public);
    size_t size = strlen(signed_by_minisign);
    for (size_t part = 0; part + 1 < size; part++) {
        span text = {(const uint8_t *)signed_by_minisign, part};
        assert_int_equal(check(text, span_of(signed_content), &ring, &signature, NULL),
                         OSB_ERR_SIGNATURE);
    }
    BUF_OWNED more = buf_make(MINISIG_MAX);
    buf_append_text(&more, signed_by_minisign);
    buf_append_text(&more, "\n");
    assert_refused(buf_span(&more), span_of(signed_content), &ring, "follows behind line 4");
}

/** Lines 1 and 2 of one signature, 3 and 4 of another by the same key. */
static void the_comment_of_another_signature_does_not_hold(void **state)
{
    (void)state;
    keyring ring = trusting(their_public);
    BUF_OWNED other = buf_make(MINISIG_MAX);
    BUF_OWNED mixed = buf_make(MINISIG_MAX);
    sign("another", "role:mirror", &other);
    const char *mine = strstr(signed_by_minisign, "\ntrusted comment: ");
    buf_append(&mixed,
               (span){(const uint8_t *)signed_by_minisign, (size_t)(mine - signed_by_minisign)});
    buf_append_u8(&other, '\0');
    buf_append_text(&mixed, strstr((const char *)other.data, "\ntrusted comment: "));
    assert_refused(buf_span(&mixed), span_of(signed_content), &ring,
                   "trusted comment is not what key");
}

static void the_old_form_is_refused_by_name(void **state)
{
    (void)state;
    keyring ring = trusting(their_public);
    assert_refused(span_of(signed_in_old_form), span_of(signed_content), &ring, "old form (Ed)");
}

static void a_key_that_is_not_trusted_is_named(void **state)
{
    (void)state;
    const keyring none = {0};
    assert_refused(span_of(signed_by_minisign), span_of(signed_content), &none,
                   "is signed by key 664ABD2C55CC63F9, which is not trusted: no key is");
}

static void a_key_with_the_same_id_is_another_key(void **state)
{
    (void)state;
    keyring ring = {0};
    SECRET_KEY_OWNED other;
    char words[PUBLIC_KEY_WORDS];
    ring = trusting(their_public);
    assert_int_equal(secret_key_generate(&other, NULL), OSB_OK);
    memcpy(other.id, ring.keys[0].id, KEY_ID_SIZE);
    public_key shown = secret_key_public(&other);
    assert_int_equal(public_key_words(&shown, words, NULL), OSB_OK);
    osb_error error = {0};
    assert_int_equal(keyring_trust(&ring, words, &error), OSB_ERR_SIGNATURE);
    assert_non_null(strstr(error.message, "two different keys"));
    keyring impostor = trusting(words);
    assert_refused(span_of(signed_by_minisign), span_of(signed_content), &impostor,
                   "is not what key");
}

static void a_key_is_trusted_by_its_line_or_its_file(void **state)
{
    const fixture *with = *state;
    keyring ring = {0};
    BUF_OWNED text = buf_make(PUBLIC_KEY_FILE);
    assert_int_equal(keyring_trust(&ring, their_public, NULL), OSB_OK);
    assert_int_equal(public_key_write(&ring.keys[0], &text, NULL), OSB_OK);
    fixture_write(with, "key.pub", buf_span(&text));
    assert_int_equal(keyring_trust(&ring, fixture_path(with, "key.pub"), NULL), OSB_OK);
    assert_int_equal(ring.count, 1);
    assert_int_equal(keyring_trust(&ring, fixture_path(with, "no.pub"), NULL), OSB_ERR_NOT_FOUND);
    static const char *const bad[] = {
        "", "RWT5Y8xVLL1KZkpdQ3xQp73gKBLWrh02fGqs1do3tw/tH18Pk+t50Rw", /* one letter short */
        "RUT5Y8xVLL1KZkpdQ3xQp73gKBLWrh02fGqs1do3tw/tH18Pk+t50Rwc",    /* "ED" */
        "untrusted comment: x\nRWT5Y8xVLL1KZkpdQ3xQp73gKBLWrh02fGqs1do3tw/tH18Pk+t50Rwc\nmore\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        public_key key;
        assert_int_equal(public_key_parse(span_of(bad[i]), "bad.pub", &key, NULL),
                         OSB_ERR_SIGNATURE);
    }
}

static void a_file_is_hashed_as_its_bytes_are(void **state)
{
    const fixture *with = *state;
    content_digest streamed, whole;
    BUF_OWNED large = buf_make(1 << 20);
    buf_append_fill(&large, 7, 300001);
    fixture_write(with, "large", buf_span(&large));
    assert_int_equal(content_digest_file(fixture_path(with, "large"), &streamed, NULL), OSB_OK);
    assert_int_equal(content_digest_of(buf_span(&large), &whole, NULL), OSB_OK);
    assert_memory_equal(&streamed, &whole, sizeof whole);
    assert_int_equal(content_digest_file(fixture_path(with, "none"), &streamed, NULL),
                     OSB_ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_minisign_signed_holds),
        cmocka_unit_test(what_is_signed_here_is_what_minisign_signs),
        cmocka_unit_test(no_changed_byte_of_the_content_holds),
        cmocka_unit_test(no_changed_byte_of_the_signature_holds),
        cmocka_unit_test(no_part_of_a_signature_holds),
        cmocka_unit_test(the_comment_of_another_signature_does_not_hold),
        cmocka_unit_test(the_old_form_is_refused_by_name),
        cmocka_unit_test(a_key_that_is_not_trusted_is_named),
        cmocka_unit_test(a_key_with_the_same_id_is_another_key),
        cmocka_unit_test(a_key_is_trusted_by_its_line_or_its_file),
        cmocka_unit_test(a_file_is_hashed_as_its_bytes_are),
    };
    return cmocka_run_group_tests(tests, fixture_make, fixture_drop);
}

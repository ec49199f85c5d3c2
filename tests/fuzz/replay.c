/*
 * Runs a fuzz target over the files of folders, without libFuzzer: so every input that ever taught
 * something is tried again in each ordinary test run, with any compiler.
 */
#include "fuzz/fuzz.h"

#include "base/file.h"
#include "base/path.h"

enum {
    INPUT_MAX = 16 * 1024 * 1024
};

/** A copy of exactly that size, so that a sanitizer sees reads behind it. */
static void run(span input)
{
    uint8_t *copy = malloc(input.size ? input.size : 1);
    PROMISE(copy);
    for (size_t i = 0; i < input.size; i++)
        copy[i] = input.data[i];
    LLVMFuzzerTestOneInput(copy, input.size);
    free(copy);
}

static osb_status run_folder(const char *folder, size_t *runs, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const char *const *names;
    size_t count;
    TRY(folder_list(folder, &memory, &names, &count, error));
    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE];
        BUF_OWNED content = buf_make(INPUT_MAX);
        TRY(path_join(path, folder, names[i], error));
        TRY(file_read(path, &content, error));
        run(buf_span(&content));
        (*runs)++;
    }
    return OSB_OK;
}

int main(int count, char **words)
{
    osb_error error;
    size_t runs = 0;
    for (int i = 1; i < count; i++) {
        if (run_folder(words[i], &runs, &error) != OSB_OK) {
            fprintf(stderr, "%s: %s\n", error.subject, error.message);
            return 1;
        }
    }
    printf("%zu inputs\n", runs);
    return runs ? 0 : 1;
}

/*
 * NOR flash as boards have it: erase sets whole sectors, programming only clears bits.
 *
 * Knows no time passing and no power: work.c runs these operations step by step. Sector sizes come
 * from the layout text that the board itself shows in DFU mode. Invariant: nothing outside
 * [0, size) is touched, whatever a caller asks for.
 */
#include "sim/flash.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/** A decimal number at `*text`, which moves behind it. */
static uint32_t take_number(const char **text)
{
    uint32_t number = 0;
    while (**text >= '0' && **text <= '9' && number < 100000)
        number = number * 10 + (uint32_t)(*(*text)++ - '0');
    return number;
}

/** "47*004Kg": count, size, unit, access letter. False at the end or at anything else. */
static bool take_run(const char **text, uint32_t *count, uint32_t *sector_size)
{
    *count = take_number(text);
    if (*(*text)++ != '*')
        return false;
    *sector_size = take_number(text);
    char unit = *(*text)++;
    *sector_size *= unit == 'K' ? 1024 : unit == 'M' ? 1024 * 1024 : 1;
    (*text)++;
    return *count && *sector_size;
}

static void read_layout(flash *chip)
{
    const char *text = strchr(chip->memory->layout, '/');
    text = text ? strchr(text + 1, '/') : NULL;
    uint32_t offset = 0, count, sector_size;
    while (text && *text && chip->run_count < FLASH_RUNS_MAX && offset < chip->size) {
        text++;
        if (!take_run(&text, &count, &sector_size))
            break;
        uint64_t end = offset + (uint64_t)count * sector_size;
        uint32_t stop = end < chip->size ? (uint32_t)end : chip->size;
        chip->runs[chip->run_count++] = (flash_run){offset, stop, sector_size};
        offset = stop;
    }
    if (offset < chip->size && chip->run_count < FLASH_RUNS_MAX)
        chip->runs[chip->run_count++] = (flash_run){offset, chip->size, 4096};
}

static void begin(flash *chip, const platform_memory *memory, const flash_timing *timing)
{
    *chip = (flash){.memory = memory, .timing = timing, .size = memory->size};
    read_layout(chip);
}

osb_status flash_make(flash *chip, const platform_memory *memory, const flash_timing *timing,
                      osb_error *error)
{
    begin(chip, memory, timing);
    chip->bytes = malloc(memory->size);
    if (!chip->bytes)
        return osb_fail_memory(error);
    flash_blank(chip);
    return OSB_OK;
}

void flash_blank(flash *chip)
{
    memset(chip->bytes, 0xff, chip->size);
}

osb_status flash_map(flash *chip, const platform_memory *memory, const flash_timing *timing,
                     const char *path, osb_error *error)
{
    begin(chip, memory, timing);
    FD_OWNED descriptor = open(path, O_RDWR | O_CLOEXEC);
    if (descriptor < 0)
        return osb_fail_errno(error, "open", path);
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return osb_fail_errno(error, "read", path);
    if (!S_ISREG(status.st_mode) || status.st_size != (off_t)memory->size)
        return osb_fail(error, OSB_ERR_INTEGRITY, path, "make the board again with `sim new`",
                        "does not hold the %u bytes of this board's %s flash", memory->size,
                        memory->name);
    void *bytes = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (bytes == MAP_FAILED)
        return osb_fail_errno(error, "map", path);
    chip->bytes = bytes;
    chip->mapped = true;
    return OSB_OK;
}

void flash_free(flash *chip)
{
    if (chip->bytes && chip->mapped)
        munmap(chip->bytes, chip->size);
    else
        free(chip->bytes);
    chip->bytes = NULL;
}

bool flash_offset_of(const flash *chip, uint32_t address, uint32_t *offset)
{
    *offset = address - chip->memory->start;
    return address >= chip->memory->start && *offset < chip->size;
}

flash_run flash_sector(const flash *chip, uint32_t offset)
{
    for (size_t i = 0; i < chip->run_count; i++) {
        const flash_run *run = &chip->runs[i];
        if (offset < run->start || offset >= run->end)
            continue;
        uint32_t start = offset - (offset - run->start) % run->sector_size;
        uint32_t end = run->end - start > run->sector_size ? start + run->sector_size : run->end;
        return (flash_run){start, end, end - start};
    }
    return (flash_run){chip->size, chip->size, 0};
}

/** How many of `size` bytes from `offset` the chip has. */
static uint32_t clamp(const flash *chip, uint32_t offset, size_t size)
{
    uint32_t rest = offset < chip->size ? chip->size - offset : 0;
    return size < rest ? (uint32_t)size : rest;
}

void flash_erase(flash *chip, uint32_t offset, uint32_t size)
{
    uint32_t inside = clamp(chip, offset, size);
    if (inside)
        memset(chip->bytes + offset, 0xff, inside);
}

void flash_program(flash *chip, uint32_t offset, span bytes)
{
    uint32_t inside = clamp(chip, offset, bytes.size);
    for (uint32_t i = 0; i < inside; i++)
        chip->bytes[offset + i] &= bytes.data[i];
}

void flash_store(flash *chip, uint32_t offset, span bytes)
{
    uint32_t inside = clamp(chip, offset, bytes.size);
    if (inside)
        memcpy(chip->bytes + offset, bytes.data, inside);
}

uint64_t flash_erase_us(const flash *chip, uint32_t size)
{
    return chip->timing->erase_us + (uint64_t)chip->timing->erase_us_per_kib * (size / 1024);
}

uint64_t flash_program_us(const flash *chip, uint32_t size)
{
    return ((uint64_t)size * chip->timing->program_us_per_256 + 255) / 256;
}

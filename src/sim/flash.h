#pragma once
/**
 * One flash chip (or the settings area) of a simulated board: bytes that only an erase sets.
 *
 * Offsets are from the chip's own start, 0; addresses are the platform's. Callers keep ranges
 * inside the chip: flash_holds says whether one is.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/span.h"
#include "model/platform.h"

enum {
    FLASH_RUNS_MAX = 12,
    FLASH_FOLDER_MAX = 4096
};

/** What erasing and programming cost, in microseconds of simulated time. */
typedef struct flash_timing {
    uint32_t erase_us; /**< for any sector */
    uint32_t erase_us_per_kib;
    uint32_t program_us_per_256; /**< for every 256 bytes */
} flash_timing;

/** Neighbouring sectors of one size. */
typedef struct flash_run {
    uint32_t start; /**< offset of the first */
    uint32_t end;   /**< exclusive */
    uint32_t sector_size;
} flash_run;

typedef struct flash {
    const platform_memory *memory;
    const flash_timing *timing;
    uint8_t *bytes;
    uint32_t size;
    bool mapped; /**< bytes are those of a file, else of the heap */
    size_t run_count;
    flash_run runs[FLASH_RUNS_MAX];
} flash;

/** A blank chip in memory. */
osb_status flash_make(flash *chip, const platform_memory *memory, const flash_timing *timing,
                      osb_error *error) OSB_MUST_CHECK;
/** A chip whose bytes are the file's own: what is written stays even when the program is killed. */
osb_status flash_map(flash *chip, const platform_memory *memory, const flash_timing *timing,
                     const char *path, osb_error *error) OSB_MUST_CHECK;
/** Blanks the whole chip, as it leaves its factory. */
void flash_blank(flash *chip);
void flash_free(flash *chip);

static inline bool flash_holds(const flash *chip, uint32_t offset, uint64_t size)
{
    return offset <= chip->size && size <= chip->size - offset;
}

/** False when the address is outside the chip. */
bool flash_offset_of(const flash *chip, uint32_t address, uint32_t *offset);

/** The sector that holds `offset`. */
flash_run flash_sector(const flash *chip, uint32_t offset);

/** Sets a sector, or the first `size` bytes of one, to 0xff. */
void flash_erase(flash *chip, uint32_t offset, uint32_t size);
/** Programs: bits can only be cleared. */
void flash_program(flash *chip, uint32_t offset, span bytes);
/** Writes as an emulated settings area does: no erase is needed. */
void flash_store(flash *chip, uint32_t offset, span bytes);

uint64_t flash_erase_us(const flash *chip, uint32_t size);
uint64_t flash_program_us(const flash *chip, uint32_t size);

#pragma once
/**
 * The memory layout that a DFU alternate setting tells in its name:
 * "@Internal Flash   /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg".
 *
 * Grammar (DfuSe, ST UM0424): '@' name, then groups "/0xADDRESS/SECTORS[,SECTORS...]" with
 * SECTORS = COUNT '*' SIZE [unit ' ' B K M] letter; the letter's value (a = 1 ... g = 7) has bit 0
 * for readable, bit 1 for erasable, bit 2 for writable.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DFUSE_SEGMENTS_MAX = 32,
    DFUSE_NAME_SIZE = 48
};

/** Sectors of one size and one kind, one behind the other. */
typedef struct dfuse_segment {
    uint32_t start;
    uint32_t sector_size; /**< bytes, never 0 */
    uint32_t sector_count;
    bool readable, erasable, writable;
} dfuse_segment;

typedef struct dfuse_map {
    char name[DFUSE_NAME_SIZE]; /**< "Internal Flash" */
    size_t count;
    dfuse_segment segments[DFUSE_SEGMENTS_MAX]; /**< do not overlap */
} dfuse_map;

/** One erasable unit. */
typedef struct dfuse_sector {
    uint32_t start;
    uint32_t size; /**< bytes */
    bool readable, erasable, writable;
} dfuse_sector;

/** Reads a layout string. False for anything that breaks the grammar or does not fit 32 bits. */
bool dfuse_map_parse(const char *text, dfuse_map *map);

/** The sector that holds `address`. False when there is none. */
bool dfuse_map_sector(const dfuse_map *map, uint32_t address, dfuse_sector *sector);

/** What a range must allow throughout. */
typedef enum dfuse_access {
    DFUSE_READ,
    DFUSE_WRITE
} dfuse_access;

/** Whether all of [address, address + size) lies in sectors that allow `access`. */
bool dfuse_map_allows(const dfuse_map *map, uint32_t address, uint32_t size, dfuse_access access);

/** Whether every sector can only be erased: how a protected board shows itself. */
bool dfuse_map_is_protected(const dfuse_map *map);

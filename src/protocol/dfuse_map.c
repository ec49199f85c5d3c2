/*
 * Parser and look-ups for DfuSe layout strings.
 *
 * The string comes from the board, so every number is bounded. Invariant: segments of a parsed
 * map are not empty, do not overlap and end at or below 2^32.
 */
#include "protocol/dfuse_map.h"

#include <string.h>

#include "base/text.h"

static uint64_t segment_end(const dfuse_segment *segment)
{
    return (uint64_t)segment->start + (uint64_t)segment->sector_size * segment->sector_count;
}

static bool take_char(const char **text, char wanted)
{
    if (**text != wanted)
        return false;
    (*text)++;
    return true;
}

/* At least one digit of `base`, at most 32 bits. */
static bool take_number(const char **text, unsigned base, uint32_t *number)
{
    uint64_t value = 0;
    const char *start = *text;
    for (; (unsigned)text_hex_digit(**text) < base; (*text)++) {
        value = value * base + (unsigned)text_hex_digit(**text);
        if (value > UINT32_MAX)
            return false;
    }
    *number = (uint32_t)value;
    return *text > start;
}

static uint32_t take_unit(const char **text)
{
    if (take_char(text, 'K'))
        return 1024;
    if (take_char(text, 'M'))
        return 1024 * 1024;
    if (!take_char(text, 'B'))
        take_char(text, ' ');
    return 1;
}

static bool overlaps(const dfuse_map *map, const dfuse_segment *candidate)
{
    for (size_t i = 0; i < map->count; i++) {
        const dfuse_segment *other = &map->segments[i];
        if (candidate->start < segment_end(other) && other->start < segment_end(candidate))
            return true;
    }
    return false;
}

/* "03*016Ka" at `*address`, which moves behind it. */
static bool take_segment(const char **text, dfuse_map *map, uint64_t *address)
{
    uint32_t count, size;
    if (!take_number(text, 10, &count) || !take_char(text, '*') || !take_number(text, 10, &size))
        return false;
    uint64_t sector_size = (uint64_t)size * take_unit(text);
    char letter = **text;
    if (letter < 'a' || letter > 'g' || count == 0 || sector_size == 0 || sector_size > UINT32_MAX)
        return false;
    (*text)++;
    if (*address > UINT32_MAX || map->count == DFUSE_SEGMENTS_MAX)
        return false;
    unsigned kind = (unsigned)(letter - 'a' + 1);
    dfuse_segment segment = {
        (uint32_t)*address, (uint32_t)sector_size, count, kind & 1, kind & 2, kind & 4};
    *address = segment_end(&segment);
    if (*address > (uint64_t)UINT32_MAX + 1 || overlaps(map, &segment))
        return false;
    map->segments[map->count++] = segment;
    return true;
}

/* "/0x08000000/03*016Ka,01*016Kg" */
static bool take_group(const char **text, dfuse_map *map)
{
    uint32_t start;
    if (!take_char(text, '/') || !take_char(text, '0') ||
        !(take_char(text, 'x') || take_char(text, 'X')) || !take_number(text, 16, &start) ||
        !take_char(text, '/'))
        return false;
    uint64_t address = start;
    do {
        if (!take_segment(text, map, &address))
            return false;
    } while (take_char(text, ','));
    return true;
}

bool dfuse_map_parse(const char *text, dfuse_map *map)
{
    *map = (dfuse_map){0};
    if (!take_char(&text, '@'))
        return false;
    size_t name_size = strcspn(text, "/");
    size_t kept = name_size;
    while (kept > 0 && text[kept - 1] == ' ')
        kept--;
    text_printable(map->name, sizeof map->name, text, kept);
    text += name_size;
    do {
        if (!take_group(&text, map))
            return false;
    } while (*text);
    return true;
}

bool dfuse_map_sector(const dfuse_map *map, uint32_t address, dfuse_sector *sector)
{
    for (size_t i = 0; i < map->count; i++) {
        const dfuse_segment *segment = &map->segments[i];
        if (address < segment->start || address >= segment_end(segment))
            continue;
        uint32_t into = (address - segment->start) % segment->sector_size;
        *sector = (dfuse_sector){address - into, segment->sector_size, segment->readable,
                                 segment->erasable, segment->writable};
        return true;
    }
    return false;
}

bool dfuse_map_allows(const dfuse_map *map, uint32_t address, uint32_t size, dfuse_access access)
{
    uint64_t end = (uint64_t)address + size;
    for (uint64_t at = address; at < end;) {
        dfuse_sector sector;
        if (at > UINT32_MAX || !dfuse_map_sector(map, (uint32_t)at, &sector))
            return false;
        if (access == DFUSE_READ ? !sector.readable : !sector.writable)
            return false;
        at = (uint64_t)sector.start + sector.size;
    }
    return true;
}

bool dfuse_map_is_protected(const dfuse_map *map)
{
    for (size_t i = 0; i < map->count; i++) {
        const dfuse_segment *segment = &map->segments[i];
        if (segment->readable || segment->writable || !segment->erasable)
            return false;
    }
    return map->count > 0;
}

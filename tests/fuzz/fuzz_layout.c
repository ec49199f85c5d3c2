/*
 * The layout text of a DFU alternate setting: what is accepted lies within 32 bits, in sectors that
 * do not overlap, and every look-up agrees with it.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "protocol/dfuse_map.h"

enum {
    TEXT_MAX = 512
};

static uint64_t end_of(const dfuse_segment *segment)
{
    return (uint64_t)segment->start + (uint64_t)segment->sector_size * segment->sector_count;
}

/** The first and the last byte of a segment are in sectors of its kind; what holds both allows. */
static void promise_lookups(const dfuse_map *map, const dfuse_segment *segment)
{
    const uint32_t last = (uint32_t)(end_of(segment) - 1);
    dfuse_sector first_sector, last_sector;
    PROMISE(dfuse_map_sector(map, segment->start, &first_sector));
    PROMISE(dfuse_map_sector(map, last, &last_sector));
    PROMISE(first_sector.start == segment->start && first_sector.size == segment->sector_size);
    PROMISE((uint64_t)last_sector.start + last_sector.size == end_of(segment));
    PROMISE(last_sector.writable == segment->writable && last_sector.readable == segment->readable);
    PROMISE(dfuse_map_allows(map, segment->start, 1, DFUSE_WRITE) == segment->writable);
    PROMISE(dfuse_map_allows(map, last, 1, DFUSE_READ) == segment->readable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX];
    dfuse_map map;
    if (size >= sizeof text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (!dfuse_map_parse(text, &map))
        return 0;
    PROMISE(map.count > 0 && map.count <= DFUSE_SEGMENTS_MAX);
    PROMISE(strnlen(map.name, sizeof map.name) < sizeof map.name);
    for (size_t i = 0; i < map.count; i++) {
        PROMISE(map.segments[i].sector_size && map.segments[i].sector_count);
        PROMISE(end_of(&map.segments[i]) <= (uint64_t)UINT32_MAX + 1);
        for (size_t k = 0; k < i; k++)
            PROMISE(end_of(&map.segments[k]) <= map.segments[i].start ||
                    end_of(&map.segments[i]) <= map.segments[k].start);
        promise_lookups(&map, &map.segments[i]);
    }
    return 0;
}

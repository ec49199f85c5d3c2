/*
 * devices: which boards there are, and who comes and goes.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/progress.h"

enum {
    COLUMNS = 6
};

static void add_device(table *lines, const json_t *device)
{
    char port[48], system[64];
    const json_t *problem = json_object_get(device, "problem");
    const char *label = json_text(device, "label", NULL);
    text_format(port, sizeof port, "%s%s%s", json_text(device, "port", "-"), label ? " " : "",
                label ? label : "");
    if (json_is_object(problem))
        text_format(system, sizeof system, "? (%s)", json_text(problem, "message", "?"));
    else
        text_copy(system, sizeof system, json_text(device, "os_version", "-"));
    table_add(lines, (const char *const[COLUMNS]){json_text(device, "id", "-"),
                                                  json_text(device, "platform", "-"),
                                                  json_text(device, "mode", "-"), port,
                                                  json_text(device, "serial", "-"), system});
}

static void print_devices(const json_t *result)
{
    size_t i;
    json_t *device;
    const json_t *devices = json_object_get(result, "devices");
    TABLE_OWNED lines = table_make(COLUMNS);
    if (!json_array_size(devices)) {
        printf("no boards\n");
        return;
    }
    table_add(&lines, (const char *const[COLUMNS]){"DEVICE", "PLATFORM", "MODE", "USB PORT",
                                                   "SERIAL PORT", "DEVICE OS"});
    json_array_foreach(devices, i, device)
    {
        add_device(&lines, device);
    }
    table_print(&lines, "");
}

/** One line an event, as they come. */
static void tell(void *context, const json_t *event)
{
    const progress *shown = context;
    osb_error ignored;
    const json_t *device = json_object_get(event, "device");
    if (shown->json) {
        if (output_json(event, true, &ignored) != OSB_OK)
            output_error(&ignored, false);
        return;
    }
    printf("%-7s  %s  %s  usb:%s", json_text(event, "event", "?"),
           json_text(device, "id", "id unknown"), json_text(device, "platform", "?"),
           json_text(device, "port", "?"));
    if (json_text(device, "mode", NULL))
        printf("  %s mode, Device OS %s", json_text(device, "mode", "?"),
               json_text(device, "os_version", "unknown"));
    printf("\n");
    fflush(stdout);
}

osb_status cmd_devices(cli *self, osb_error *error)
{
    JSON_OWNED *result = NULL;
    const bool watch = self->words->watch;
    TRY(osb_devices(self->context, watch ? tell : NULL, &result, error));
    if (self->words->json)
        return output_json(result, watch, error);
    if (!watch)
        print_devices(result);
    return OSB_OK;
}

/*
 * serial: the ports of boards, and who answers there.
 */
#include <stdio.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/output.h"

static void print_ports(const json_t *list)
{
    size_t i;
    json_t *port;
    TABLE_OWNED lines = table_make(4);
    table_add(&lines, (const char *const[]){"PORT", "PLATFORM", "DEVICE", "USB"});
    json_array_foreach(json_object_get(list, "ports"), i, port)
    {
        table_add(&lines, (const char *const[]){
                              json_text(port, "path", "?"), json_text(port, "platform", "-"),
                              json_text(port, "device_id", "-"), json_text(port, "usb_port", "-")});
    }
    table_print(&lines, "");
}

static void print_identity(const json_t *told)
{
    static const char *const rows[][2] = {{"Device OS", "os_version"},
                                          {"device id", "device_id"},
                                          {"IMEI", "imei"},
                                          {"ICCID", "iccid"}};
    printf("%s  %s\n", json_text(told, "path", "?"), json_text(told, "platform", "unknown board"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *value = json_text(told, rows[i][1], NULL);
        if (value)
            printf("  %-9s  %s\n", rows[i][0], value);
    }
}

static osb_status answer(const cli *self, const json_t *document, void (*print)(const json_t *),
                         osb_error *error)
{
    if (self->words->json)
        return output_json(document, false, error);
    print(document);
    return OSB_OK;
}

osb_status cmd_serial(cli *self, osb_error *error)
{
    const text_list *words = &self->words->arguments;
    JSON_OWNED *result = NULL;
    if (text_equal(words->items[0], "list") && words->count == 1 && !self->words->listening) {
        TRY(osb_serial_list(self->context, &result, error));
        return answer(self, result, print_ports, error);
    }
    if (text_equal(words->items[0], "identify")) {
        const char *port = words->count == 2 ? words->items[1] : self->words->device;
        TRY(osb_serial_identify(self->context, port, self->words->listening, &result, error));
        return answer(self, result, print_identity, error);
    }
    return osb_fail(error, OSB_ERR_USAGE, "serial", "see: osbundle help serial",
                    "use list, or identify [PORT] [--listening]");
}

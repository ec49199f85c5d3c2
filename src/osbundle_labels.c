/*
 * Names for USB ports: in a fixture the place of a board is what people see, not its id.
 *
 * Invariant: a port has one label and a label one port.
 */
#include "osbundle_context.h"

#include "base/text.h"

enum {
    LABEL_MAX = 31 /* characters */
};

/** What a terminal, a log and a report take alike; no ':', which makes a selector of it. */
static bool is_label(const char *name)
{
    size_t size = 0;
    for (; name[size]; size++)
        if (name[size] <= ' ' || name[size] > '~' || name[size] == ':')
            return false;
    return size > 0 && size <= LABEL_MAX;
}

/** "PORT=NAME", where a port may be written as a selector is: "usb:1-2". */
static bool read_label(const char *words, port_label *label)
{
    size_t size = 0;
    if (text_starts_with(words, "usb:"))
        words += 4;
    while (words[size] && words[size] != '=')
        size++;
    if (!size || size >= sizeof label->port || !words[size])
        return false;
    text_copy(label->port, size + 1, words);
    label->name = words + size + 1;
    return is_label(label->name);
}

static osb_status check_single(const osb_context *context, const port_label *label,
                               osb_error *error)
{
    for (size_t i = 0; i < context->label_count; i++)
        if (text_equal(context->labels[i].port, label->port) ||
            text_equal(context->labels[i].name, label->name))
            return osb_fail(error, OSB_ERR_USAGE, label->name,
                            "give every port one label of its own",
                            "port %s or this label stands in two labels", label->port);
    return OSB_OK;
}

osb_status context_take_labels(osb_context *context, const char *const *labels, size_t count,
                               osb_error *error)
{
    context->labels = arena_take(&context->memory, count, sizeof *context->labels);
    if (count && !context->labels)
        return osb_fail_memory(error);
    for (size_t i = 0; i < count; i++) {
        port_label *label = &context->labels[i];
        if (!read_label(labels[i], label))
            return osb_fail(error, OSB_ERR_USAGE, labels[i],
                            "write PORT=NAME, such as 1-2.3=left; a name has up to 31 visible "
                            "characters and no colon",
                            "is no label");
        TRY(check_single(context, label, error));
        label->name = arena_text(&context->memory, label->name);
        if (!label->name)
            return osb_fail_memory(error);
        context->label_count++;
    }
    return OSB_OK;
}

const char *context_label(const osb_context *context, const char *port)
{
    for (size_t i = 0; i < context->label_count; i++)
        if (text_equal(context->labels[i].port, port))
            return context->labels[i].name;
    return NULL;
}

osb_status context_select(osb_context *context, const char *selector, device_entry *chosen,
                          osb_error *error)
{
    char port[USB_PORT_SIZE + 4];
    transport *bus;
    TRY(context_bus(context, &bus, error));
    for (size_t i = 0; selector && i < context->label_count; i++)
        if (text_equal(context->labels[i].name, selector)) {
            text_format(port, sizeof port, "usb:%s", context->labels[i].port);
            return device_select(bus, &context->platforms, port, chosen, error);
        }
    return device_select(bus, &context->platforms, selector, chosen, error);
}

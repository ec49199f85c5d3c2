/*
 * The libusb back end on whatever machine runs the tests: needs no board, and touches none. Where
 * there is no USB at all, the tests are skipped. Transfers need a device and are not tested here.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "transport/usb_libusb.h"

static osb_error error;

static transport *make_or_skip(const usb_libusb_options *options)
{
    transport *bus = NULL;
    osb_status status = usb_libusb_make(options, &bus, &error);
    if (status == OSB_ERR_IO) {
        assert_string_not_equal(error.hint, "");
        skip();
    }
    assert_int_equal(status, OSB_OK);
    assert_false(bus->simulated);
    return bus;
}

static void devices_keep_their_arrival_between_listings(void **state)
{
    usb_identity first[USB_DEVICES_MAX], second[USB_DEVICES_MAX];
    size_t first_count, second_count;
    (void)state;
    transport *bus = make_or_skip(NULL);
    assert_int_equal(transport_list(bus, first, USB_DEVICES_MAX, &first_count, &error), OSB_OK);
    assert_int_equal(transport_list(bus, second, USB_DEVICES_MAX, &second_count, &error), OSB_OK);
    assert_int_equal(first_count, second_count);
    for (size_t i = 0; i < first_count; i++) {
        assert_string_equal(first[i].port, second[i].port);
        assert_int_equal(first[i].arrival, second[i].arrival);
    }
    transport_destroy(bus);
}

static void a_device_that_is_not_there_is_disconnected(void **state)
{
    (void)state;
    transport *bus = make_or_skip(NULL);
    const usb_identity nobody = {0x2b04, 0xc020, "99-1", 12345};
    usb_handle *handle;
    assert_int_equal(transport_open(bus, &nobody, &handle, &error), OSB_ERR_DISCONNECTED);
    assert_string_equal(error.subject, "99-1");
    assert_null(handle);
    transport_destroy(bus);
}

static void waits_last_as_long_as_they_should(void **state)
{
    (void)state;
    transport *bus = make_or_skip(NULL);
    uint64_t begin = transport_now_ms(bus);
    assert_int_equal(transport_wait(bus, 120, &error), OSB_OK);
    uint64_t end = transport_now_ms(bus);
    assert_in_range(end - begin, 119, 2000);
    assert_int_equal(transport_wait_change(bus, 50, &error), OSB_OK);
    assert_true(transport_now_ms(bus) - end < 2000);
    transport_destroy(bus);
}

static void *list_and_wait(void *context)
{
    transport *own = context;
    usb_identity devices[USB_DEVICES_MAX];
    osb_error trouble;
    size_t count;
    for (int i = 0; i < 20; i++)
        if (transport_list(own, devices, USB_DEVICES_MAX, &count, &trouble) != OSB_OK ||
            transport_wait_change(own, 5, &trouble) != OSB_OK)
            return context;
    transport_destroy(own);
    return NULL;
}

static void threads_use_it_together_and_it_lasts_until_the_last_one(void **state)
{
    enum {
        THREADS = 4
    };
    (void)state;
    transport *bus = make_or_skip(NULL);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        transport *own;
        assert_int_equal(transport_share(bus, &own, &error), OSB_OK);
        assert_int_equal(pthread_create(&threads[i], NULL, list_and_wait, own), 0);
    }
    transport_destroy(bus);
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

static bool after_three(void *context)
{
    return ++*(int *)context > 3;
}

static void a_wait_can_be_stopped(void **state)
{
    int asked = 0;
    const usb_libusb_options options = {after_three, &asked};
    (void)state;
    transport *bus = make_or_skip(&options);
    uint64_t begin = transport_now_ms(bus);
    assert_int_equal(transport_wait(bus, 60000, &error), OSB_ERR_INTERRUPTED);
    assert_true(transport_now_ms(bus) - begin < 10000);
    transport_destroy(bus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_keep_their_arrival_between_listings),
        cmocka_unit_test(a_device_that_is_not_there_is_disconnected),
        cmocka_unit_test(waits_last_as_long_as_they_should),
        cmocka_unit_test(threads_use_it_together_and_it_lasts_until_the_last_one),
        cmocka_unit_test(a_wait_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The console: magic baud rates, and the one-letter commands of listening mode (device-os
 * system/src/system_update.cpp, system_setup.cpp).
 *
 * Letters that are not simulated (w, s, d, f, C) are swallowed like those that no system knows.
 * Invariant: outside listening mode nobody reads what the host sends, so it fills up and waits, as
 * it does before an application that never calls Serial.read().
 */
#include "sim/console_device.h"

#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "sim/board.h"
#include "sim/personality.h"
#include "sim/protection.h"
#include "sim/world.h"

enum {
    RATE_OF_DFU = 14400,       /**< restarts the board into DFU mode */
    RATE_OF_LISTENING = 28800, /**< begins listening mode */
    TOUCH_RESET_MS = 100,
    LISTEN_AFTER_US = 3000000, /**< the cloud and networks are left first */
    LOOP_US = 1000,            /**< one letter a pass of the system's loop */
    MODEM_START_US = 18000000, /**< before a cellular board can tell its numbers */
    SAID_MAX = 16 * 1024,
    SYSTEM_0_5_0 = 12,
    SYSTEM_6_0_0 = 6000,
    TEXT_SIZE = 96
};

void console_forget(console_device *console)
{
    buf_free(&console->said);
    *console = (console_device){.line = {0x80, 0x25, 0, 0, 0, 0, 8}, .said = buf_make(SAID_MAX)};
}

/** Up to 5.9.0; 0.4.x began a YMODEM transfer instead, which is not simulated. */
static bool listens_at_rate(const sim_board *board)
{
    return board->running.system_version >= SYSTEM_0_5_0 &&
           board->running.system_version < SYSTEM_6_0_0 && board->mode != BOARD_LISTENING;
}

void console_set_line(sim_board *board, const uint8_t line[CONSOLE_LINE_SIZE])
{
    console_device *console = &board->console;
    memcpy(console->line, line, CONSOLE_LINE_SIZE);
    cursor reader = cursor_make((span){line, CONSOLE_LINE_SIZE});
    const uint32_t rate = cursor_u32le(&reader);
    if (protection_of(board) == PROTECTION_PROTECTED)
        return; /* not established; nothing else of the console works then */
    if (rate == RATE_OF_DFU)
        board_reset_later(board, TOUCH_RESET_MS, BOOT_INTO_DFU);
    if (rate == RATE_OF_LISTENING && listens_at_rate(board) && !console->will_listen) {
        console->will_listen = true;
        console->listen_due_us = board->world->now_us + LISTEN_AFTER_US;
    }
}

size_t console_receive(sim_board *board, span bytes)
{
    console_device *console = &board->console;
    const size_t room = CONSOLE_RECEIVE_SIZE - console->received_count;
    const size_t taken = bytes.size < room ? bytes.size : room;
    if (!taken)
        return 0;
    if (!console->received_count)
        console->head_since_us = board->world->now_us;
    memcpy(console->received + console->received_count, bytes.data, taken);
    console->received_count += taken;
    return taken;
}

size_t console_fetch(sim_board *board, uint8_t *data, size_t capacity)
{
    buf *said = &board->console.said;
    const size_t taken = said->size < capacity ? said->size : capacity;
    if (!taken)
        return 0;
    memcpy(data, said->data, taken);
    said->size -= taken;
    memmove(said->data, said->data + taken, said->size);
    return taken;
}

/** Protected boards blink as if they listened, but start no console. */
static bool reads_letters(const sim_board *board)
{
    return board->mode == BOARD_LISTENING && protection_of(board) != PROTECTION_PROTECTED &&
           board->console.received_count;
}

static uint64_t letter_cost_us(const sim_board *board)
{
    return board->console.received[0] == 'i' && board->kind->cellular ? MODEM_START_US : LOOP_US;
}

uint64_t console_next_due(const sim_board *board)
{
    const console_device *console = &board->console;
    uint64_t due = console->will_listen ? console->listen_due_us : NEVER;
    if (!reads_letters(board))
        return due;
    const uint64_t letter_due = console->head_since_us + letter_cost_us(board);
    return letter_due < due ? letter_due : due;
}

static void say(sim_board *board, const char *format, const char *word)
{
    char text[TEXT_SIZE];
    text_format(text, sizeof text, format, word);
    buf_append_text(&board->console.said, text);
}

/** Numbers that a real modem and SIM card would have: all digits, made from the device id. */
static void say_modem(sim_board *board)
{
    char imei[16] = "001010", iccid[20] = "8900100";
    for (size_t i = 0; i < 9; i++)
        text_append(imei, sizeof imei, "%d", board->device_id[15 + i] % 10);
    for (size_t i = 0; i < 12; i++)
        text_append(iccid, sizeof iccid, "%d", board->device_id[12 + i] % 10);
    say(board, "IMEI: %s\r\n", imei);
    say(board, "ICCID: %s\r\n", iccid);
}

static void say_identity(sim_board *board)
{
    if (board->kind->mcu == MCU_STM32F2 && board->kind->wifi) {
        say(board, "Your device id is %s\r\n", board->device_id);
        return;
    }
    say(board, "Device ID: %s\r\n", board->device_id);
    if (board->kind->cellular)
        say_modem(board);
}

/** The vendor's prefix of addresses, and the end of the device id. */
static void say_address(sim_board *board)
{
    char address[18] = "e0:4f:43";
    for (size_t i = 18; i < 24; i += 2)
        text_append(address, sizeof address, ":%.2s", board->device_id + i);
    say(board, "Your device MAC address is\r\n%s\r\n", address);
}

static void stop_listening(sim_board *board)
{
    board->mode = board->running.safe ? BOARD_SAFE : BOARD_NORMAL;
    board_save(board);
}

static void obey(sim_board *board, uint8_t letter)
{
    switch (letter) {
    case 'i':
        say_identity(board);
        return;
    case 'v':
        say(board, "system firmware version: %s\n\r\n", board->running.os_version);
        return;
    case 'm':
        say_address(board);
        return;
    case 'c':
        if (board->running.system_version >= SYSTEM_0_6_0)
            say(board, "Device claimed: %s\r\n", "no");
        return;
    case 'x':
        stop_listening(board);
        return;
    case 'L':
        if (board->running.system_version >= SYSTEM_0_5_0)
            board_reset_later(board, TOUCH_RESET_MS, BOOT_INTO_LISTENING);
        return;
    }
}

static void begin_listening(sim_board *board)
{
    board->console.will_listen = false;
    board->mode = BOARD_LISTENING;
    board_save(board);
}

void console_fire(sim_board *board)
{
    console_device *console = &board->console;
    if (console->will_listen && console_next_due(board) == console->listen_due_us) {
        begin_listening(board);
        return;
    }
    if (!reads_letters(board))
        return;
    const uint8_t letter = console->received[0];
    console->received_count--;
    memmove(console->received, console->received + 1, console->received_count);
    console->head_since_us = board->world->now_us;
    obey(board, letter);
}

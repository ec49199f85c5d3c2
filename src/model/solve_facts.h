#pragma once
/**
 * What boards can do, by the version of what runs on them: facts without a plan. A version of 0
 * is unknown and given the benefit of the doubt. Private to model/solve*.c.
 */
#include "model/platform.h"

enum {
    FACT_TRACKER_NCP = 7 /**< image of the Tracker's co-processor that systems from 3.0.0 on need */
};

/** Whether a system takes control requests over USB at all. */
bool fact_takes_control(const platform *board, uint16_t system);
/** Whether a system replaces the bootloader on a control request. */
bool fact_takes_bootloader(const platform *board, uint16_t system);
/** Whether a system hands its co-processor a new image. */
bool fact_takes_ncp(const platform *board, uint16_t system);
/** Whether a system takes a module for that slot on a control request. */
bool fact_takes_module(const platform *board, module_slot slot, uint16_t system);
/** Whether a system waits in listening mode for a set-up that is marked as done. */
bool fact_waits_for_setup(const platform *board, uint16_t system);
/** Whether a bootloader survives a power cut while it is replaced. */
bool fact_power_safe(const platform *board, uint16_t bootloader);
/** Whether a system looks for 256K applications (nRF52840; true where there is one kind only). */
bool fact_finds_256k(const platform *board, uint16_t system);
/** Whether a bootloader takes the 128K application away when it puts a 256K one in place. */
bool fact_clears_former_user_part(uint16_t bootloader);
/** Whether a control update of that size leaves alone what the application keeps as assets. */
bool fact_spares_assets(const platform *board, uint16_t system, uint32_t bytes);
/** Whether a bootloader finds a system part; a version of 0 does not find 6.1.2. */
bool fact_finds_system(const platform *board, uint16_t bootloader, uint16_t system);
/** The flash address at which a system part of that version stands; 0 where there is one only. */
uint32_t fact_system_start(const platform_slot *place, uint16_t version);
/** Where a module of that size ends in flash; 0 when unknown, or where it may start elsewhere. */
uint32_t fact_end(const platform *board, module_slot slot, uint32_t size);
/** Whether the platform is Tracker's: a cellular board with a Wi-Fi co-processor. */
bool fact_is_tracker(const platform *board);

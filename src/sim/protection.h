#pragma once
/** Device protection: open, protected or in service mode, and what each lets through. Inside sim/.
 */
#include "base/buf.h"
#include "model/snapshot.h"
#include "sim/firmware_update.h"
#include "sim/flash.h"
#include "sim/sim.h"

enum {
    PROTECTION_NONCE_SIZE = 32
};

/** What PREPARE left behind for CONFIRM; lost with RAM. */
typedef struct protection_challenge {
    bool given;
    uint64_t since_us;
    uint8_t server_nonce[PROTECTION_NONCE_SIZE];
    uint8_t device_nonce[PROTECTION_NONCE_SIZE];
} protection_challenge;

/** PROTECTION_OPEN, PROTECTION_PROTECTED or PROTECTION_SERVICE. */
protection protection_of(const sim_board *board);

/** Counts one start of the bootloader: service mode lasts for 20 of them. */
void protection_count_start(sim_board *board);
/** Ends service mode. */
void protection_end_service(sim_board *board);

/** SetProtectedState (77). */
int32_t protection_request(sim_board *board, span payload, buf *reply);

/** Whether a staged module that passed all other checks would weaken a protected board. */
bool protection_refuses_module(const sim_board *board, const module *header);

/** What service mode makes of a DFU operation at an address of a chip. */
typedef enum protection_verdict {
    PROTECTION_ALLOWS,
    PROTECTION_HIDES,   /**< as if there were no memory */
    PROTECTION_DENIES,  /**< errVENDOR */
    PROTECTION_IGNORES, /**< success without effect */
    PROTECTION_ERASES_THEN_WRITES
} protection_verdict;

protection_verdict protection_on_read(const sim_board *board, const flash *chip, uint32_t address);
protection_verdict protection_on_erase(const sim_board *board, const flash *chip, uint32_t address);
/** Remembers a refused beginning of the system part: what follows it is refused too. */
protection_verdict protection_on_write(sim_board *board, const flash *chip, uint32_t address,
                                       span block);

/*
 * What boards show and say, with cause and cure.
 *
 * Facts from Device OS (system_led_signal.cpp, panic.h, system_error.h), the vendor's status LED
 * pages, and what people found out in public threads. Looks at no board: an application may do
 * with the LED what it likes, so `diagnose` asks the board itself. Invariant: names are unique.
 */
#include "model/topics.h"

#include <string.h>

#include "base/text.h"

static const char led[] = "led", sos[] = "sos", error[] = "error";
static const char restore_cure[] = "osbundle diagnose tells which; osbundle restore brings it";

const topic topics[] = {
    {"breathing cyan", led, "connected to the cloud", "all is well", "nothing to do"},
    {"breathing green", led, "on the network, not connected to the cloud",
     "the application does not connect, or the cloud cannot be reached",
     "not a matter of versions: look at the network and the application"},
    {"breathing magenta", led, "safe mode: the system runs, the application does not",
     "a module needs a newer one than the board has, an asset is missing, or MODE was held at "
     "reset",
     restore_cure},
    {"breathing white", led, "the network is off", "the application keeps it off", "nothing to do"},
    {"breathing blue", led, "the network is on and idle", "the application does not connect",
     "nothing to do"},
    {"blinking blue", led, "listening mode: the board waits for its set-up",
     "no network credentials; up to 3.x a set-up mark that was lost; a bootloader older than the "
     "system wants, and no cloud to bring it",
     "give credentials; osbundle diagnose tells what is missing, osbundle restore brings it"},
    {"blinking cyan", led, "connecting to the cloud",
     "it takes a few seconds; for ever: no way to it",
     "look at the network; when red or orange blinks follow, at the keys"},
    {"blinking green", led, "connecting to the network",
     "wrong credentials, no coverage, a SIM that is not active; an R410 modem after a downgrade "
     "from 2.x",
     "look at network and SIM; for the modem restore 1.5.2 first and let it register once"},
    {"blinking magenta", led, "an update is being received or put in place",
     "the cloud, or somebody by cable, sends modules; the LED may go dark for up to a minute",
     "wait, and leave the power on"},
    {"blinking yellow", led, "DFU mode: the bootloader waits",
     "MODE was held at reset, it was asked for, or no sound system is on the board",
     "press RESET; when it comes back to yellow, osbundle restore"},
    {"blinking white", led, "a factory reset, or too little power",
     "the reset runs for a while; on batteries the voltage breaks down",
     "wait; then use a good cable and supply"},
    {"solid gray", led, "powering off", "the board goes to sleep or into shipping mode",
     "wake it up: RESET, or the power button"},
    {"blinking orange", led, "the cloud turned the connection down",
     "1: keys do not match; 2: no internet behind the network; 3: the cloud's address or key is "
     "wrong",
     "look at the network; else renew the keys with the vendor's tool"},
    {"solid red", led, "on Gen 2: no bootloader runs", "it is erased or damaged",
     "a debugger on the SWD pins brings it back; nothing over USB does"},
    {"off", led, "no light at all",
     "an update that is being copied (up to a minute), no power, shipping mode, or no bootloader",
     "wait a minute; then power and cable; then a debugger on the SWD pins"},
    {"sos 1", sos, "hard fault",
     "an application built for a newer system than the board has, a damaged one, a bad pointer",
     "safe mode (hold MODE while tapping RESET until magenta), then osbundle diagnose"},
    {"sos 2", sos, "non-maskable interrupt", "rare: hardware",
     "if it stays, restore; then replace"},
    {"sos 3", sos, "memory protection fault", "a bad pointer in the application",
     "correct the application"},
    {"sos 4", sos, "bus fault", "damaged flash, or a bad address",
     "osbundle restore --full, then the application"},
    {"sos 5", sos, "usage fault", "what runs is no code: damaged, or built for something else",
     "osbundle restore with an application built for that release"},
    {"sos 6", sos, "invalid length", "a bug in application or system", "correct or restore it"},
    {"sos 7", sos, "exit", "the application called exit()", "correct the application"},
    {"sos 8", sos, "out of heap memory", "the application uses more memory than there is",
     "let it use less"},
    {"sos 9", sos, "SPI overrun", "a peripheral on SPI is driven wrongly",
     "correct the application"},
    {"sos 10", sos, "assertion failed",
     "the system found itself in a state that cannot be; seen "
     "where modules of two releases met",
     restore_cure},
    {"sos 11", sos, "invalid case", "a bug in application or system", "correct or restore it"},
    {"sos 12", sos, "pure virtual call", "an object was used before or after its life",
     "correct the application"},
    {"sos 13", sos, "stack overflow", "too deep calls, or large local variables",
     "correct the application"},
    {"sos 14", sos, "heap error", "memory was written to that was not the application's",
     "correct the application"},
    {"sos 15", sos, "secure fault", "on RTL872x: parts of the boot chain do not fit together",
     restore_cure},
    {"-110", error, "resource busy", "another update or request is under way", "try again"},
    {"-120", error, "not supported", "this Device OS does not know the request",
     "put the board into DFU mode, or restore a newer release"},
    {"-130", error, "not allowed", "the mode or the state of the board forbids it",
     "listening mode (hold MODE for 3 s) allows more"},
    {"-140", error, "cancelled", "another request took its place", "run the same again"},
    {"-160", error, "timeout", "the board was busy with something else", "try again"},
    {"-210", error, "invalid state", "an update was not begun, or is under way already",
     "press RESET and run the same again"},
    {"-219", error, "flash could not be written", "worn or failing flash",
     "try again; if it stays, replace the board"},
    {"-260", error, "out of memory", "the application leaves too little for the update",
     "safe mode, then the same again"},
    {"-1300", error, "module not found", "the board has no slot for such a module",
     "osbundle inspect tells what the file is; use one for this board and system"},
    {"-1310", error, "unsupported module", "this Device OS does not take such a module",
     "restore a release that does, or go over DFU mode"},
    {"-1320", error, "module validation failed", "the file is not what its header says",
     "osbundle verify FILE; get it again"},
    {"-1330", error, "module integrity check failed", "bytes were lost or changed on the way",
     "osbundle verify FILE; use another cable or port, and run the same again"},
    {"-1340", error, "module dependency check failed",
     "the module needs a newer one than the board has, or one that is there needs it newer",
     "osbundle plan shows the order that does"},
    {"-1350", error, "invalid module address", "the image is made for another place in flash",
     "osbundle inspect tells where it belongs; use one for this board"},
    {"-1351", error, "invalid module size", "the image is larger than its slot",
     "osbundle inspect tells both"},
    {"-1360", error, "invalid module platform", "the file is for another board",
     "use the release for this board's platform"},
    {"-1370", error, "invalid module format",
     "the file is no module, or in a form that it cannot be", "osbundle inspect FILE"},
    {"-1380", error, "firmware updates are disabled", "the application has switched them off",
     "safe mode, then the same again"},
    {"-1801", error, "the board is protected", "device protection forbids it",
     "open service mode with the vendor's tool, then the same again"},
    {"-1803", error, "invalid signature", "a protected board takes signed modules only",
     "use the release's own files"},
};
const size_t topic_count = sizeof topics / sizeof *topics;

enum {
    NAME_MAX_SIZE = 64,
    NEAR_ENOUGH = 3 /**< letters to change */
};

/** Lower case, single spaces, without "led", "error" and the sign of a number; "sos10" apart. */
static void normalise(const char *words, char target[NAME_MAX_SIZE])
{
    size_t size = 0;
    for (; *words && size + 2 < NAME_MAX_SIZE; words++) {
        char sign = *words >= 'A' && *words <= 'Z' ? (char)(*words - 'A' + 'a') : *words;
        bool digit = sign >= '0' && sign <= '9';
        bool letter = sign >= 'a' && sign <= 'z';
        if (digit && size && target[size - 1] >= 'a')
            target[size++] = ' ';
        if (digit || letter)
            target[size++] = sign;
        else if (size && target[size - 1] != ' ')
            target[size++] = ' ';
    }
    while (size && target[size - 1] == ' ')
        size--;
    target[size] = '\0';
    for (const char *const *word = (const char *const[]){"led ", "error ", "code ", NULL}; *word;
         word++)
        if (text_starts_with(target, *word))
            memmove(target, target + strlen(*word), strlen(target + strlen(*word)) + 1);
}

const topic *topic_find(const char *words)
{
    char wanted[NAME_MAX_SIZE], name[NAME_MAX_SIZE];
    normalise(words, wanted);
    for (size_t i = 0; i < topic_count; i++) {
        normalise(topics[i].name, name);
        if (text_equal(name, wanted))
            return &topics[i];
    }
    return NULL;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/** How many letters must be put in, left out or changed: Levenshtein's distance, row by row. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_SIZE];
    const size_t length = strlen(b);
    for (size_t i = 0; i <= length; i++)
        row[i] = i;
    for (size_t i = 1; *a; a++, i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= length; k++) {
            size_t changed = diagonal + (*a != b[k - 1]);
            diagonal = row[k];
            row[k] = least(changed, least(row[k], row[k - 1]) + 1);
        }
    }
    return row[length];
}

size_t topics_near(const char *words, const topic *near[3])
{
    char wanted[NAME_MAX_SIZE], name[NAME_MAX_SIZE];
    size_t count = 0;
    normalise(words, wanted);
    for (size_t far = 0; far <= NEAR_ENOUGH && count < 3; far++)
        for (size_t i = 0; i < topic_count && count < 3; i++) {
            normalise(topics[i].name, name);
            if (distance(wanted, name) == far)
                near[count++] = &topics[i];
        }
    for (size_t i = 0; i < topic_count && !count && *wanted; i++)
        if (strstr(topics[i].name, wanted) || strstr(topics[i].title, wanted))
            near[count++] = &topics[i];
    return count;
}

json_t *topic_to_json(const topic *about)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "topic", about->name, "group", about->group,
                     "title", about->title, "cause", about->cause, "cure", about->cure);
}

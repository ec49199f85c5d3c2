/*
 * The table of all commands: what they are called, what they take, what they do.
 *
 * Help, the parser and the manual page's check read this table; nothing else lists commands.
 */
#include "cli/cli.h"

#include "base/text.h"

static const command fetch = {
    .name = "fetch",
    .arguments = "VERSION... [-p PLATFORM]...",
    .summary = "get the module sets of releases into the cache",
    .details =
        "Finds the release at the sources, downloads what is missing, and checks size, hash,\n"
        "CRC-32, platform and slot of every module before anything is kept. Without -p, the\n"
        "platforms of the boards that are plugged in.",
    .takes = TAKES_PLATFORM | TAKES_INCOMPLETE,
    .least = 1,
    .most = LIST_MAX,
    .tells_events = true,
    .run = cmd_fetch,
};
static const command list = {
    .name = "list",
    .arguments = "[--remote]",
    .summary = "releases in the cache, or at the sources",
    .details =
        "Lists what is cached, with its channel, size and how many files the catalog pins.\n"
        "--remote lists what the sources offer, newest first, with what the catalog knows of it.",
    .takes = TAKES_REMOTE,
    .run = cmd_list,
};
static const command show = {
    .name = "show",
    .arguments = "VERSION -p PLATFORM",
    .summary = "the module table of a release",
    .details = "Slot, version, needs, size, hash and route of every module: from the cache, else\n"
               "from the built-in catalog; what is never written, and what it takes from an older\n"
               "release. VERSION is 5.3.1, 5.3 (the newest of them), 5, latest or lts.",
    .takes = TAKES_PLATFORM,
    .least = 1,
    .most = 1,
    .run = cmd_show,
};
static const command inspect = {
    .name = "inspect",
    .arguments = "FILE...",
    .summary = "what a module file holds, or all files of a folder",
    .details =
        "Reads the header of each file and checks its length and CRC-32; says what it needs,\n"
        "which release that came with, and where on the board it goes. File names are not\n"
        "trusted and not needed. A bad file hides no other.",
    .least = 1,
    .most = LIST_MAX,
    .run = cmd_inspect,
};
static const command verify = {
    .name = "verify",
    .arguments = "[FILE | FOLDER | VERSION]... [--lock FILE | -x FILE | -k KEY]",
    .summary = "every check on module files, each on its own line",
    .details =
        "Length, CRC-32, published size and hash, name against header, platform, address range,\n"
        "catalog, pinned hash, what the SHA-256 inside covers, and the lock. A check without\n"
        "facts to check against says so, and is no failure. VERSION is a release in the cache;\n"
        "without an argument, the release that the lock pins, or else the whole cache.\n"
        "With -x or -k: whether FILE has a signature that holds, and what it says of the file.",
    .takes = TAKES_LOCK | TAKES_SIGNATURE,
    .most = LIST_MAX,
    .run = cmd_verify,
};
static const command lock = {
    .name = "lock",
    .arguments = "VERSION -p PLATFORM... [--app FILE]... [-o FILE [--sign KEY]]",
    .summary = "pin a release and applications by hash",
    .details =
        "Prints a lock file: each module of the release for those platforms, and the "
        "applications,\n"
        "with file name, version, size and SHA-256. Fetches the release where it is not cached.\n"
        "Keep it beside your sources; restore, plan and verify hold to it with --lock FILE. Where\n"
        "keys are trusted (trusted_keys in the config file), it must be signed by one of them.",
    .takes = TAKES_PLATFORM | TAKES_PINS | TAKES_SIGN,
    .least = 1,
    .most = 1,
    .run = cmd_lock,
};
static const command key = {
    .name = "key",
    .arguments = "generate [FILE] [--password-file FILE | -W] | show FILE",
    .summary = "key pairs that sign locks, bundles and mirrors",
    .details = "generate  makes a secret key, FILE (osbundle.key), and the public key to go with "
               "it, .pub\n"
               "          in place of .key; asks for a password, and never overwrites a file\n"
               "show      the public key and its id, of either file\n"
               "The files are those of minisign, and so are the signatures. To trust a public key, "
               "put it\n"
               "into trusted_keys of the config file.",
    .takes = TAKES_KEY,
    .least = 1,
    .most = 2,
    .without_context = true,
    .run = cmd_key,
};
static const command cache = {
    .name = "cache",
    .arguments = "list | stat | path [VERSION -p PLATFORM] | verify | prune [VERSION]... | "
                 "import SOURCE...",
    .summary = "care of what was fetched",
    .details =
        "list    releases in each folder of the cache, when they were fetched and last used\n"
        "stat    how much there is of what\n"
        "path    the folder that is written; of a release, where its modules lie\n"
        "verify  hashes every object on all cores; moves damaged ones aside\n"
        "prune   removes releases by name, age or size, and what nothing names any more; never\n"
        "        what a --keep-lock or an unfinished restore needs\n"
        "import  fetches all releases of a folder, an archive or another source",
    .takes = TAKES_PLATFORM | TAKES_INCOMPLETE | TAKES_PRUNE | TAKES_YES,
    .least = 1,
    .most = LIST_MAX,
    .tells_events = true,
    .run = cmd_cache,
};
static const command bundle = {
    .name = "bundle",
    .arguments = "export VERSION... -p PLATFORM... -o FILE | import FILE | verify FILE | info FILE",
    .summary = "one file with everything that a bench needs",
    .details =
        "export  writes releases, platform data, lock files (--lock) and applications (--app)\n"
        "        to FILE, NAME.tar.zst or NAME.zip; the same content gives the same bytes;\n"
        "        --sign KEY signs it\n"
        "import  takes it into the cache once all of it was found good; with -o DIR, its locks\n"
        "        and applications are also written there\n"
        "verify  makes the checks of an import and keeps nothing\n"
        "info    tells what is in it\n"
        "A bundle can also be used in place: --source FILE in any other command.",
    .takes = TAKES_PLATFORM | TAKES_LOCK | TAKES_INCOMPLETE | TAKES_BUNDLE | TAKES_SIGN,
    .least = 1,
    .most = LIST_MAX,
    .run = cmd_bundle,
};
static const command mirror = {
    .name = "mirror",
    .arguments = "DIR VERSION... [-p PLATFORM]... [--prune]",
    .summary = "a folder of releases that any web server can serve",
    .details =
        "Fetches the releases (without -p, for every platform that the catalog knows them for)\n"
        "and adds them to DIR. What is listed there stays, and it may be read meanwhile: only\n"
        "the index ever changes, as the last step. Use it as --source mirror+https://HOST/PATH,\n"
        "file:///DIR or DIR. --sign KEY signs the index; --prune removes files that it does\n"
        "not list.",
    .takes = TAKES_PLATFORM | TAKES_INCOMPLETE | TAKES_MIRROR | TAKES_SIGN,
    .least = 1,
    .most = LIST_MAX,
    .run = cmd_mirror,
};
static const command devices = {
    .name = "devices",
    .arguments = "[--watch]",
    .summary = "boards on USB and serial ports, and simulated ones",
    .details =
        "Id, platform, mode, ports and Device OS of every board, also of those in DFU mode. A\n"
        "board that another run works on, or that cannot be opened, is listed with the "
        "reason.\n"
        "--watch tells who comes and goes; with --json as JSON Lines.",
    .takes = TAKES_WATCH,
    .tells_events = true,
    .run = cmd_devices,
};
static const command info = {
    .name = "info",
    .arguments = "[DEVICE | --all]",
    .summary = "identity, mode and modules of a board",
    .details =
        "The module table has a verdict a line: ok, required (an unmet need: the board waits\n"
        "in safe mode), drift (works, but is not the release's set), unknown.",
    .takes = TAKES_BOARDS,
    .most = 1,
    .run = cmd_info,
};
static const command diagnose = {
    .name = "diagnose",
    .arguments = "[DEVICE] [--from FILE]",
    .summary = "what is wrong with a board, why, and what to do",
    .details =
        "Works on a board in any mode, or offline on a saved `info --json` or cloud describe.",
    .takes = TAKES_FROM,
    .most = 1,
    .run = cmd_diagnose,
};
static const command explain = {
    .name = "explain",
    .arguments = "[TOPIC...]",
    .summary = "LED patterns, SOS codes and error codes: cause and cure",
    .details = "TOPIC is what the LED does (breathing magenta), how often it blinks after an SOS\n"
               "(sos 10), or the number of an error (1340). Without one, all topics.",
    .most = 8,
    .without_context = true,
    .run = cmd_explain,
};
static const command plan = {
    .name = "plan",
    .arguments = "[VERSION] [--app FILE] [-o FILE]",
    .summary = "the steps of an upgrade with their reasons; writes nothing",
    .details =
        "Without VERSION: with --app the oldest release that satisfies the application and is\n"
        "not older than what the board has, else the latest.",
    .takes = TAKES_GOAL | TAKES_LOCK | TAKES_INCOMPLETE | TAKES_PLAN | TAKES_BOARDS,
    .most = 1,
    .run = cmd_plan,
};
static const command restore = {
    .name = "restore",
    .arguments = "[VERSION] [--app FILE] [--plan FILE] [--all] [--yes]",
    .summary = "plan, show, ask, apply, prove",
    .details = "Everything the release needs first, then the application. Every step is proved by\n"
               "reading back. Interrupted runs continue with: osbundle resume.\n"
               "With --all, many boards at once; one that fails stops no other. In the path of\n"
               "--app, {device} and {label} stand for the board's id and its port's label.",
    .takes = TAKES_GOAL | TAKES_LOCK | TAKES_INCOMPLETE | TAKES_RESTORE | TAKES_YES | TAKES_BOARDS,
    .most = 1,
    .tells_events = true,
    .run = cmd_restore,
};
static const command resume = {
    .name = "resume",
    .arguments = "[DEVICE | --all] [--yes]",
    .summary = "finish what an interrupted restore began",
    .details =
        "Inspects the board and plans again to the very same files, which the journal of the\n"
        "restore pins by hash. With nothing to resume it does nothing.",
    .takes = TAKES_YES | TAKES_BOARDS,
    .most = 1,
    .tells_events = true,
    .run = cmd_resume,
};
static const command serial = {
    .name = "serial",
    .arguments = "list | identify [PORT] [--listening]",
    .summary = "serial ports of boards, and who answers there",
    .details =
        "list      all serial ports; those of boards with platform and device id\n"
        "identify  asks a board in listening mode (LED blinks dark blue) for its id and Device OS\n"
        "          version: also one too old for `info`. PORT is a path or a device id.",
    .takes = TAKES_SERIAL,
    .least = 1,
    .most = 2,
    .run = cmd_serial,
};
static const command sim = {
    .name = "sim",
    .arguments = "list | new PLATFORM@VERSION DIR | info DIR | release PLATFORM@VERSION DIR | "
                 "serve SPEC...",
    .summary = "simulated boards",
    .details =
        "new      makes a board that keeps its flash in DIR, from cached modules or else from\n"
        "         synthetic ones (true headers and numbers, no firmware)\n"
        "info     shows such a board's flash, LED and pending updates\n"
        "release  writes a release folder of synthetic modules, usable with --source\n"
        "list     platforms and releases that boards can be made of\n"
        "serve    gives boards to other programs as USB devices, over USB/IP, until Ctrl-C\n"
        "Use a board with --sim DIR in any other command.",
    .takes = TAKES_SIM | TAKES_SERVE,
    .least = 1,
    .most = LIST_MAX,
    .run = cmd_sim,
};
static const command version = {
    .name = "version",
    .arguments = "",
    .summary = "the version of this program",
    .details = "Prints one line.",
    .without_context = true,
    .run = cmd_version,
};
static const command help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "help for a command",
    .details = "Without COMMAND, all commands.",
    .most = 1,
    .without_context = true,
    .run = cmd_help,
};

const command *const commands[] = {&fetch,    &list,    &show,   &inspect, &verify,  &lock,
                                   &key,      &bundle,  &mirror, &cache,   &devices, &info,
                                   &diagnose, &explain, &plan,   &restore, &resume,  &serial,
                                   &sim,      &version, &help};
const size_t command_count = sizeof commands / sizeof *commands;

const command *command_find(const char *name)
{
    for (size_t i = 0; i < command_count; i++)
        if (text_equal(commands[i]->name, name))
            return commands[i];
    return NULL;
}

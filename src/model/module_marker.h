#pragma once
/** What stands right behind the prefix of a module that was made for simulated boards. */
#define MODULE_MARKER "osbundle synthetic module: no firmware inside\n"

# Writes one C file that holds every platform manifest, so that the program needs no data file
# beside it. Releases are many more, and become C at once: tools/embed_catalog.c.
#
#   cmake -DOUTPUT=FILE.c -DROOT=MANIFESTS -P embed_manifests.cmake
#
# Bytes are written as hexadecimal numbers: string literals have a length limit, arrays do not.
file(GLOB manifests RELATIVE ${ROOT} ${ROOT}/platforms/*.json)
list(SORT manifests COMPARE NATURAL)

set(arrays "")
set(table "")
set(count 0)
foreach(path IN LISTS manifests)
    file(READ ${ROOT}/${path} bytes HEX)
    string(LENGTH "${bytes}" digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND arrays "static const unsigned char manifest_${count}[${size} + 1] = {${bytes}0};\n")
    string(APPEND table "    {\"${path}\", manifest_${count}, ${size}},\n")
    math(EXPR count "${count} + 1")
endforeach()

file(WRITE ${OUTPUT}
    "/* Made by embed_manifests.cmake from manifests/. */\n"
    "#include \"model/embedded.h\"\n\n"
    "${arrays}\n"
    "const embedded_file embedded_files[] = {\n${table}    {0, 0, 0},\n};\n"
    "const size_t embedded_file_count = ${count};\n")

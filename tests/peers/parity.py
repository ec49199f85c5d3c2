"""Says the same of a module file in one vocabulary, as osbundle and as the peer see it.

The fields are those of osbundle's JSON; what only one of the two reports is not compared.
"""

# Members of extensions that the peer names otherwise, or as text in hexadecimal.
RENAMED = {
    "productId": "product_id",
    "productVersion": "product_version",
    "moduleFunction": "function",
    "moduleIndex": "index",
    "moduleVersion": "version",
    "targetId": "target",
    "hashType": "hash_type",
    "hash": "hash",
    "securityMode": "mode",
    "assetType": "asset_type",
}
ADDRESSES = {
    "moduleStartAddress": "module_start",
    "dynalibLoadAddress": "dynalib_load",
    "dynalibStartAddress": "dynalib_start",
}
NAME, ASSET_DEPENDENCY, SECURITY_MODE = 0x11, 0x12, 0x13


def _peers_extension(where, extension):
    said = {"where": where, "type": extension["type"]}
    said.update((ours, extension[name]) for name, ours in RENAMED.items() if name in extension)
    said.update((ours, int(extension[name], 16)) for name, ours in ADDRESSES.items() if name in extension)
    if extension["type"] == NAME:
        said["text"] = extension["name"]
    if extension["type"] == ASSET_DEPENDENCY:
        said["asset"] = extension["name"]
    if extension["type"] == SECURITY_MODE:
        said["certificate_size"] = len(extension.get("certificate", {}).get("data", ()))
    return said


def _peers_needs(prefix):
    needs = [[prefix[f"{name}Module{part}"] for part in ("Function", "Index", "Version")]
             for name in ("dep", "dep2")]
    return [need for need in needs if need[0]]


def peers_view(said):
    """The fields of one answer of reader.read, or {"refused": True}."""
    if "error" in said:
        return {"refused": True}
    prefix, suffix, crc = said["prefix"], said["suffix"], said["crc"]
    extensions = [_peers_extension(where, extension)
                  for where, part in (("prefix", prefix), ("suffix", suffix))
                  for extension in part.get("extensions", [])]
    return {
        "refused": False,
        "file_size": said["size"],
        "module_size": int(prefix["moduleEndAddy"], 16) - int(prefix["moduleStartAddy"], 16) + 4,
        "prefix_offset": prefix["prefixOffset"],
        "platform": prefix["platformID"],
        "function": prefix["moduleFunction"],
        "index": prefix["moduleIndex"],
        "version": prefix["moduleVersion"],
        "start": int(prefix["moduleStartAddy"], 16),
        "end": int(prefix["moduleEndAddy"], 16),
        "mcu_target": prefix["reserved"],
        "flags": prefix["moduleFlags"],
        "dependencies": _peers_needs(prefix),
        "extensions": extensions,
        "suffix_size": suffix["suffixSize"],
        "sha256": suffix["fwUniqueId"],
        "product": [suffix["productId"], suffix["productVersion"]],
        "crc_stored": crc["storedCrc"],
        "crc_computed": crc["actualCrc"],
        "crc_ok": crc["ok"],
    }


def _our_extension(extension):
    """Without what follows from the rest: the type's name, END's padding, "protected"."""
    said = {key: value for key, value in extension.items() if key not in ("name", "padding", "protected")}
    if isinstance(said.get("function"), dict):
        said["function"] = said["function"]["id"]
    return said


def our_view(document):
    """The fields of one document of `inspect --json`, or {"refused": True}."""
    if document["type"] == "osbundle-error":
        return {"refused": True}
    suffix, crc = document["suffix"], document["crc32"]
    same = "file_size module_size prefix_offset index version start end mcu_target".split()
    return {
        "refused": False,
        **{name: document[name] for name in same},
        "platform": document["platform"]["id"],
        "function": document["function"]["id"],
        "flags": document["flags"]["value"],
        "dependencies": [[need["function"]["id"], need["index"], need["version"]]
                         for need in document["dependencies"]],
        "extensions": [_our_extension(extension) for extension in document["extensions"]],
        "suffix_size": suffix["size"],
        "sha256": suffix["sha256"],
        "product": [suffix["product_id"], suffix["product_version"]],
        "crc_stored": crc["stored"],
        "crc_computed": crc["computed"],
        "crc_ok": crc["ok"],
    }


def differences(document, said):
    """[(field, what we say, what the peer says)]; a file that one refuses differs in that alone."""
    ours, peers = our_view(document), peers_view(said)
    if ours["refused"] != peers["refused"]:
        return [("refused", ours["refused"], peers["refused"])]
    return [(field, ours[field], peers[field]) for field in peers if ours[field] != peers[field]]

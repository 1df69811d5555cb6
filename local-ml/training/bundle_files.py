"""The files of a bundle and their digests."""
import hashlib
import json
import os


def write_json(path, value):
    with open(path, "w") as file:
        json.dump(value, file, indent=1)
        file.write("\n")


def seal(folder, manifest):
    """Adds the digests of all other files and writes the manifest last."""
    files = {}
    for name in sorted(os.listdir(folder)):
        if name != "manifest.json":
            data = open(f"{folder}/{name}", "rb").read()
            files[name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    write_json(f"{folder}/manifest.json", {**manifest, "files": files})
    total = sum(f["bytes"] for f in files.values())
    if total > 5_000_000:
        raise ValueError(f"bundle of {total} bytes")
    return total

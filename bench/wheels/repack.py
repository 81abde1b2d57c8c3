"""Makes wheels again of what is installed for an interpreter: repack.py OUTPUT [DISTRIBUTION...] (default: torch, torchvision).

Run it with that interpreter. The named distributions and all that they require are packed as bdist_wheel does (zlib level 6), a
process for each, so that a machine with a PyTorch stack and no index can be measured with wheels of the real kind and size.
"""
import base64
import concurrent.futures
import csv
import hashlib
import importlib.metadata
import io
import os
import pathlib
import re
import sys
import zipfile

CHUNK = 1 << 20
DATE = (2020, 1, 1, 0, 0, 0)
OF_INSTALLATION = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"}


def closure(requirements):
    """Names of the distributions that are needed and there. Markers are not judged: what they leave out is not installed."""
    found, seen, waiting = [], set(), list(requirements)
    while waiting:
        name, extras, marker = re.match(r"([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?[^;]*;?(.*)", waiting.pop()).groups()
        name = re.sub(r"[-_.]+", "-", name).lower()
        wanted = {extra.strip() for extra in (extras or "").split(",")}
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if name not in found:
            found.append(name)
        for requirement in distribution.requires or []:
            extra = re.search(r"""extra\s*==\s*["']([^"']+)["']""", requirement)
            if extra is None or extra.group(1) in wanted:
                waiting.append(requirement)
    return found


def pack(job):
    name, output = job
    distribution = importlib.metadata.distribution(name)
    metadata = next(file.parts[0] for file in distribution.files if file.parts[0].endswith(".dist-info"))
    # A wheel's name holds all its tags: py2.py3-none-any.
    tags = [tag.split("-") for tag in re.findall(r"^Tag: (\S+)", distribution.read_text("WHEEL"), re.MULTILINE)]
    tag = "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags))
    path = pathlib.Path(output) / f"{metadata.removesuffix('.dist-info')}-{tag}.whl"
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file in distribution.files:
            source = pathlib.Path(file.locate())
            # What the installer made is not of the wheel: programs outside of the modules, bytecode, its own notes.
            if file.parts[0] == ".." or "__pycache__" in file.parts or not source.is_file() \
                    or (file.parts[0] == metadata and file.name in OF_INSTALLATION):
                continue
            info = zipfile.ZipInfo(file.as_posix(), DATE)
            info.external_attr = (0o100000 | source.stat().st_mode & 0o777) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            digest, size = hashlib.sha256(), 0
            with source.open("rb") as content, wheel.open(info, "w", force_zip64=source.stat().st_size > 1 << 31) as target:
                while block := content.read(CHUNK):
                    digest.update(block)
                    target.write(block)
                    size += len(block)
            value = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
            record.append((file.as_posix(), f"sha256={value}", size))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([*record, (f"{metadata}/RECORD", "", "")])
        wheel.writestr(zipfile.ZipInfo(f"{metadata}/RECORD", DATE), text.getvalue())
    return path.name, path.stat().st_size, sum(size for _, _, size in record)


if __name__ == "__main__":
    output = sys.argv[1]
    os.makedirs(output, exist_ok=True)
    names = closure(sys.argv[2:] or ["torch", "torchvision"])
    with concurrent.futures.ProcessPoolExecutor() as pool:
        made = list(pool.map(pack, [(name, output) for name in names]))
    for name, packed, installed in sorted(made, key=lambda row: -row[1]):
        print(f"{packed / 1e6:8.1f} MB of {installed / 1e6:8.1f}  {name}")
    print(f"{len(made)} distributions, {sum(row[1] for row in made) / 1e6:.0f} MB that install {sum(row[2] for row in made) / 1e6:.0f} MB")

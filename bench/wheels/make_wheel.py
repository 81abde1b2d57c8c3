"""Packs files into a wheel the way bdist_wheel does (zlib level 6): make_wheel.py NAME OUTPUT ROOT...

Each ROOT is an unpacked Debian package. Its shared libraries go to NAME/lib/, its Python modules to the wheel's root; links are
followed once, to the file that they name.
"""
import base64
import hashlib
import os
import pathlib
import sys
import zipfile

CHUNK = 1 << 20
DATE = (2020, 1, 1, 0, 0, 0)
LIBRARIES = ("usr/lib/x86_64-linux-gnu", "usr/lib/llvm-19/lib", "usr/lib/nvidia-cuda-toolkit/lib64")

name, output = sys.argv[1], pathlib.Path(sys.argv[2])
module = name.replace("-", "_").replace(".", "_")
stem = f"{module}-1.0"
record = []


def add(wheel, path, source):
    """Stores a file (a path) or bytes."""
    info = zipfile.ZipInfo(path, DATE)
    info.external_attr = 0o100644 << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    digest = hashlib.sha256()
    size = 0
    large = isinstance(source, pathlib.Path) and source.stat().st_size > 1 << 31
    with wheel.open(info, "w", force_zip64=large) as target:
        if isinstance(source, pathlib.Path):
            with source.open("rb") as content:
                while block := content.read(CHUNK):
                    digest.update(block)
                    target.write(block)
                    size += len(block)
        else:
            digest.update(source)
            target.write(source)
            size = len(source)
    value = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    record.append(f"{path},sha256={value},{size}")


def contents(roots):
    """Path in the wheel -> file."""
    found = {}
    for root in map(pathlib.Path, roots):
        packages = root / "usr/lib/python3/dist-packages"
        for file in packages.rglob("*"):
            inside = file.relative_to(packages)
            if file.is_file() and not file.is_symlink() and not inside.parts[0].endswith((".egg-info", ".dist-info")) \
                    and "__pycache__" not in inside.parts:
                found[inside.as_posix()] = file
        for directory in LIBRARIES:
            for file in sorted((root / directory).rglob("*.so*")):
                if file.is_file() and not file.is_symlink():
                    found[f"{module}/lib/{file.name}"] = file
    return found


files = contents(sys.argv[3:])
if not files:
    sys.exit(f"{name}: nothing to pack")
part = output / f".{stem}.part"
with zipfile.ZipFile(part, "w") as wheel:
    for path in sorted(files):
        add(wheel, path, files[path])
    add(wheel, f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode())
    add(wheel, f"{stem}.dist-info/WHEEL", b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    record.append(f"{stem}.dist-info/RECORD,,")
    info = zipfile.ZipInfo(f"{stem}.dist-info/RECORD", DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(info, "\n".join(record) + "\n")
os.rename(part, output / f"{stem}-py3-none-any.whl")

"""Packs the shared libraries of a directory into a wheel: make_wheel.py NAME DIRECTORY OUTPUT"""
import base64
import hashlib
import pathlib
import sys
import zipfile

name, source, output = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
module = name.replace("-", "_").replace(".", "_")
stem = f"{module}-1.0"
record = []


def add(wheel, path, content):
    digest = hashlib.sha256(content).digest()
    record.append(f"{path},sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()},{len(content)}")
    info = zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0))
    info.external_attr = 0o100644 << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(info, content)


with zipfile.ZipFile(output / f"{stem}-py3-none-any.whl", "w") as wheel:
    add(wheel, f"{module}/__init__.py", b"")
    for library in sorted(source.glob("*.so*")):
        if library.is_file() and not library.is_symlink():
            add(wheel, f"{module}/lib/{library.name}", library.read_bytes())
    for number in range(300):
        add(wheel, f"{module}/part{number}.py", f"def f(x):\n    return x * {number}\n".encode() * 20)
    add(wheel, f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n".encode())
    add(wheel, f"{stem}.dist-info/WHEEL", b"Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    record.append(f"{stem}.dist-info/RECORD,,")
    wheel.writestr(zipfile.ZipInfo(f"{stem}.dist-info/RECORD", (2020, 1, 1, 0, 0, 0)), "\n".join(record) + "\n")

"""Finishes /opt/venv: what "python -m venv --system-site-packages" makes, and the bytecode of all modules but tests. Arguments: the environment, worker processes."""
import multiprocessing
import os
import py_compile
import sys
import venv

# Modules of a process. What marshal writes depends on what the process compiled before, so groups are fixed and each has a fresh process:
# the bytes are then the same whatever the number of workers. Part of the image format.
GROUP = 64


def compile_group(modules):
    for module in modules:
        try:
            py_compile.compile(module, doraise=True, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        except (py_compile.PyCompileError, OSError, ValueError, RecursionError, MemoryError):
            # A template, or syntax of another version: no reason to fail. Python says so when the module is imported.
            pass


def find_modules(directory):
    for parent, directories, files in os.walk(directory):
        # Tests have none: see PythonModules.cs.
        directories[:] = sorted(name for name in directories if name != "tests")
        for name in sorted(files):
            if name.endswith(".py"):
                yield os.path.join(parent, name)


if __name__ == "__main__":
    root, workers = sys.argv[1], int(sys.argv[2])
    venv.EnvBuilder(symlinks=True, with_pip=False, system_site_packages=True).create(root)
    found = list(find_modules(os.path.join(root, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")))
    groups = [found[start:start + GROUP] for start in range(0, len(found), GROUP)]
    with multiprocessing.get_context("fork").Pool(workers, maxtasksperchild=1) as pool:
        for _ in pool.imap_unordered(compile_group, groups, chunksize=1):
            pass

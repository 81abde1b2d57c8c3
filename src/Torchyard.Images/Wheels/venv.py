"""Finishes /opt/venv: what "python -m venv" makes, and the bytecode of all modules. Arguments: the environment, worker processes."""
import compileall
import os
import py_compile
import sys
import venv

root, workers = sys.argv[1], int(sys.argv[2])
builder = venv.EnvBuilder(symlinks=True, with_pip=False)
builder.create(root)
site = os.path.join(root, "lib", "python%d.%d" % sys.version_info[:2], "site-packages")
# A module that does not compile (a template, or syntax of another version) is no reason to fail: Python says so when it is imported.
compileall.compile_dir(
    site, quiet=2, workers=workers, maxlevels=64,
    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)

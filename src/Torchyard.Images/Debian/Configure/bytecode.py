# Compiles Python modules to unchecked hash-based bytecode (PEP 552).
# Reads groups of lines "SOURCE<TAB>NAME<TAB>TARGET", divided by empty lines: the file to compile, the name it has in the image, where the
# bytecode goes. Each group is compiled in a process of its own, forked from the same state: what marshal writes depends on what the process
# has seen before, so this is what makes the bytecode of a group the same however many groups there are and on however many cores.
import gc
import importlib._bootstrap_external as external
import importlib.util
import os
import sys


def compile_group(group):
    made = set()
    for line in group:
        source, name, target = line.split("\t")
        try:
            with open(source, "rb") as file:
                data = file.read()
            code = compile(data, name, "exec", dont_inherit=True, optimize=-1)
        except (OSError, SyntaxError, ValueError, RecursionError) as error:
            # As with py3compile, a module that does not compile (a template, a link to nowhere) has no bytecode.
            os.write(1, f"{name}: {error}\n".encode())
            continue
        directory = os.path.dirname(target)
        if directory not in made:
            os.makedirs(directory, exist_ok=True)
            made.add(directory)
        with open(target, "wb") as file:
            file.write(external._code_to_hash_pyc(code, importlib.util.source_hash(data), False))


def wait():
    _, status = os.wait()
    if status != 0:
        sys.exit(f"a compiling process ended with status {status}")


# What configures the image is waited for longest, so it goes first.
os.nice(5)
gc.disable()
with open(sys.argv[1], encoding="utf-8") as file:
    groups = [group.split("\n") for group in file.read().strip("\n").split("\n\n") if group]
running = 0
for group in groups:
    if running == int(sys.argv[2]):
        wait()
        running -= 1
    if os.fork() == 0:
        try:
            compile_group(group)
        except BaseException as error:
            os.write(1, f"{group[0]}: {error!r}\n".encode())
            os._exit(1)
        os._exit(0)
    running += 1
while running:
    wait()
    running -= 1
spent = os.times()
# As the shell's "times" prints it.
os.write(1, f"0m{spent.user:.3f}s 0m{spent.system:.3f}s\n0m{spent.children_user:.3f}s 0m{spent.children_system:.3f}s\n".encode())

# Compiles Python modules to unchecked hash-based bytecode (PEP 552), which depends on the source alone.
# Reads lines "SOURCE<TAB>NAME<TAB>TARGET": the file to compile, the name it has in the image, where the bytecode goes.
import gc
import importlib._bootstrap_external as external
import importlib.util
import os
import sys

gc.disable()
made = set()
with open(sys.argv[1], encoding="utf-8") as jobs:
    for line in jobs:
        source, name, target = line.rstrip("\n").split("\t")
        with open(source, "rb") as file:
            data = file.read()
        try:
            code = compile(data, name, "exec", dont_inherit=True, optimize=-1)
        except (SyntaxError, ValueError, RecursionError) as error:
            # As with py3compile, a module that does not compile (a template, say) has no bytecode.
            print(f"{name}: {error}")
            continue
        directory = os.path.dirname(target)
        if directory not in made:
            os.makedirs(directory, exist_ok=True)
            made.add(directory)
        with open(target, "wb") as file:
            file.write(external._code_to_hash_pyc(code, importlib.util.source_hash(data), False))

"""Asks a build backend (PEP 517). Arguments: the hook, the backend, the project's directory in the source, directories of the backend in that.

It starts as root of the sandbox, which owns nothing outside, copies the source to a place that the backend may write to, and lets the backend
work as nobody. Where the sandbox has one user only, that is the caller without any rights, and it stays."""
import json
import os
import shutil
import stat
import sys

BUILD = "/build"
SOURCE, OUT, HOME, EXCHANGE = BUILD + "/src", BUILD + "/out", BUILD + "/home", BUILD + "/exchange"
NOBODY = 65534


def ask(hook, backend, paths):
    """In the process of the backend: its answer into OUT."""
    import importlib

    sys.path[:] = [os.path.abspath(path) for path in paths] + [path for path in sys.path if path != BUILD + "/run"]
    module, _, attributes = backend.partition(":")
    found = importlib.import_module(module)
    for attribute in filter(None, attributes.split(".")):
        found = getattr(found, attribute)
    function = getattr(found, hook, None)
    if hook == "build_wheel":
        answer = {"wheel": function(OUT, None, None)}
    else:
        answer = {"requires": [] if function is None else list(function(None))}
    with open(OUT + "/answer.json", "w") as file:
        json.dump(answer, file)


def give(path):
    try:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        return True
    except OSError:
        return False


def lay_out():
    """True when the files belong to nobody."""
    # Made by the sandbox, with the umask of whoever started it.
    os.chmod("/", 0o755)
    os.chmod(BUILD, 0o755)
    shutil.copytree(BUILD + "/input", SOURCE, symlinks=True)
    os.mkdir(OUT)
    os.mkdir(HOME)
    mapped = give(OUT) and give(HOME) and give(SOURCE)
    if mapped:
        for parent, directories, files in os.walk(SOURCE):
            for name in directories + files:
                give(os.path.join(parent, name))
    return mapped


def run(arguments, directory, drop):
    child = os.fork()
    if child == 0:
        try:
            if drop:
                os.setgroups([])
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os.umask(0o022)
            os.chdir(directory)
            os.execv(BUILD + "/env/bin/python", ["python", "-B", __file__, "--inside"] + arguments)
        except OSError as error:
            print("the build could not be started: %s" % error, flush=True)
        os._exit(127)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def plain(path):
    """The content of a file of the backend, which may be anything."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise ValueError("%s is not a file" % path)
    return file


def hand_over():
    with plain(OUT + "/answer.json") as file:
        answer = json.loads(file.read(1 << 20))
    if "wheel" in answer:
        name = os.path.basename(answer["wheel"])
        with plain(os.path.join(OUT, name)) as wheel, open(os.path.join(EXCHANGE, name), "wb") as copy:
            shutil.copyfileobj(wheel, copy, 1 << 20)
        answer["wheel"] = name
    with open(EXCHANGE + "/answer.json", "w") as file:
        json.dump(answer, file)


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        ask(sys.argv[2], sys.argv[3], sys.argv[4:])
    else:
        os.umask(0o022)
        status = run(sys.argv[1:3] + sys.argv[4:], os.path.join(SOURCE, sys.argv[3]), lay_out())
        if status != 0:
            sys.exit(status if status > 0 else 128 - status)
        hand_over()

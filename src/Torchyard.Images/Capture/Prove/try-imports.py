"""Imports the modules of distributions inside a captured image, as the image's user, and says how each went.

A line of the list is a distribution and its modules, divided by tabs. Modules are imported in one process, as a program would; one that
takes the process down is named, and another process goes on behind it. Answers are lines that begin with MARK.
"""
import os
import sys

MARK = "torchyard-import"
USER = 1000
# Of a module that waits for something, such as a network that is not there.
SECONDS = 120


def say(*parts):
    os.write(1, ("\t".join((MARK, *(part.replace("\t", " ").replace("\n", " ") for part in parts))) + "\n").encode("utf-8", "replace"))


def become_user():
    """As root every file can be read; the image's programs run as its user."""
    if os.getuid() != 0:
        return
    try:
        os.setgroups([])
        os.setgid(USER)
        os.setuid(USER)
    except OSError:
        return
    os.execv(sys.executable, [sys.executable, "-I", "-B", *sys.argv])


def work(todo, pipe):
    import importlib
    import signal

    quiet = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(quiet, number)
    for index, modules in todo:
        os.write(pipe, b"begin\t%d\n" % index)
        signal.alarm(SECONDS)
        problem = ""
        for module in modules:
            try:
                importlib.import_module(module)
            except BaseException as failure:  # a module may even end the process
                problem = "%s: %s: %s" % (module, type(failure).__name__, failure)
                break
        signal.alarm(0)
        os.write(pipe, ("end\t%d\t%s\n" % (index, problem.replace("\n", " ")[:400])).encode("utf-8", "replace"))
    os._exit(0)


def main():
    become_user()
    say("start", "%d.%d.%d" % sys.version_info[:3], sys.prefix)
    with open(sys.argv[1], encoding="utf-8") as file:
        names = [line.rstrip("\n").split("\t") for line in file if line.strip()]
    todo = list(enumerate(modules for _, *modules in names))
    while todo:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            work(todo, writing)
        os.close(writing)
        current = None
        with os.fdopen(reading, "rb") as answers:
            for line in answers:
                kind, index, *problem = line.decode("utf-8", "replace").rstrip("\n").split("\t", 2)
                current = int(index) if kind == "begin" else None
                if kind == "end":
                    say("failed" if problem[0] else "imported", names[int(index)][0], problem[0])
                    todo = [one for one in todo if one[0] > int(index)]
        _, status = os.waitpid(child, 0)
        if current is not None:
            number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            reason = "took longer than %d s" % SECONDS if number == 14 else "ended the interpreter with signal %d" % number if number else "ended the interpreter"
            say("failed", names[current][0], "%s: %s" % (", ".join(names[current][1:]), reason))
            todo = [one for one in todo if one[0] > current]
        elif todo:
            say("failed", names[todo[0][0]][0], "the interpreter ended before it")
            todo = todo[1:]
    say("done")


main()

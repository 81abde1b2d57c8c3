"""Whichever Python of this image is started finds the same packages: the project's, those of /opt/venv, the base system's.

torchyard.pth beside this file calls it while site(3) reads the base system's packages. docs/python.md says more."""
import os
import site
import sys

ROOTS = ("/opt/project", "/opt/venv")

added = []
arranged = False


def is_foreign(directory):
    """Root's own programs, such as those of packages while they are configured, never run what another user has put there."""
    return os.geteuid() == 0 and sys.prefix == sys.base_prefix and os.stat(directory).st_uid != 0


def take(directory):
    """Adds a directory as site does, with its .pth files; gives what came into the path."""
    start = len(sys.path)
    site.addsitedir(directory)
    new = sys.path[start:]
    del sys.path[start:]
    return new


def arrange():
    global arranged
    if arranged:
        # pip reads the directories again to see which paths are the system's, and leaves those out where it builds packages.
        sys.path.extend(added)
        return
    arranged = True
    own = [os.path.join(root, "lib", "python%d.%d" % sys.version_info[:2], "site-packages") for root in ROOTS]
    later = {os.path.dirname(os.path.abspath(__file__)), site.USER_SITE}
    for index, directory in enumerate(own):
        if directory in sys.path or not os.path.isdir(directory) or is_foreign(directory):
            continue
        new = take(directory)
        before = later.union(own[index + 1:])
        place = next((place for place, path in enumerate(sys.path) if path in before), len(sys.path))
        sys.path[place:place] = new
        added.extend(new)

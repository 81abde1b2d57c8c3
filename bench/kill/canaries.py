"""Files that nothing may change: of the project, of the environment's home, of a named volume."""

import hashlib
import os

VOLUME = "kept"


def places(yard):
    """Directories that hold canaries: those that are there."""
    found = {"project": yard.project}
    projects = os.path.join(yard.store, "projects")
    for name in os.listdir(projects) if os.path.isdir(projects) else []:
        home = os.path.join(projects, name, "home")
        if os.path.isdir(home):
            found[f"home {name}"] = home
    volume = os.path.join(yard.store, "volumes", VOLUME)
    if os.path.isdir(volume):
        found["volume"] = volume
    return found


def plant(yard, number):
    """Writes one more file at each place, and tells what all of them are."""
    for directory in places(yard).values():
        canary = os.path.join(directory, "canaries", f"{number % 50}")
        os.makedirs(os.path.dirname(canary), exist_ok=True)
        with open(canary, "w", encoding="utf-8") as file:
            file.write(f"round {number} in {directory}\n" * 100)
        link = canary + ".link"
        if not os.path.islink(link):
            os.symlink("../canaries", link)
    return look(yard)


def look(yard):
    """Each file's content and owner."""
    seen = {}
    for place, directory in places(yard).items():
        for root, directories, files in os.walk(os.path.join(directory, "canaries")):
            for name in directories + files:
                path = os.path.join(root, name)
                status = os.lstat(path)
                content = os.readlink(path) if os.path.islink(path) else "" if os.path.isdir(path) else hashlib.sha256(open(path, "rb").read()).hexdigest()
                seen[f"{place}: {os.path.relpath(path, directory)}"] = (status.st_mode, status.st_uid, status.st_gid, content)
    return seen


def compare(yard, kept):
    """What is lost or changed."""
    now = look(yard)
    return [f"{name} is {'changed' if name in now else 'lost'}" for name, facts in kept.items() if now.get(name) != facts]

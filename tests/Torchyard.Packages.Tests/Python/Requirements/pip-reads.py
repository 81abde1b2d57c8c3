"""What pip itself reads in requirement files: one JSON object a file, in the order of the arguments.

Run in the directory of the files. Markers and specifiers are answered rather than shown, since they may be written in many ways.
"""
import inspect
import json
import logging
import optparse
import os
import sys

from pip._internal.index.collector import LinkCollector
from pip._internal.index.package_finder import PackageFinder
from pip._internal.models.search_scope import SearchScope
from pip._internal.models.selection_prefs import SelectionPreferences
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements
from pip._vendor.packaging.utils import canonicalize_name

logging.disable(logging.CRITICAL)
COMMON = {
    "implementation_name": "cpython", "os_name": "posix", "platform_machine": "x86_64", "platform_python_implementation": "CPython",
    "platform_release": "6.1.0", "platform_system": "Linux", "platform_version": "", "sys_platform": "linux", "extra": "",
}
ENVIRONMENTS = [
    {**COMMON, "python_version": "3.13", "python_full_version": "3.13.5", "implementation_version": "3.13.5"},
    {**COMMON, "python_version": "3.9", "python_full_version": "3.9.2", "implementation_version": "3.9.2", "platform_machine": "aarch64"},
]
# Slow to make, since it reads certificates.
SESSION = PipSession()
TAKES_NO_INDEX = "no_index" in inspect.signature(SearchScope.create).parameters
VERSIONS = ["0.9", "1", "1.0.1", "1.0.post1", "1.1a1", "1.1", "1.2+cu128", "1.2", "2.0", "2.0.dev1", "3.0rc1", "1!0.1"]


def read(filename):
    session = SESSION
    collector = LinkCollector(session, SearchScope.create([], ["https://default/simple"], **({"no_index": False} if TAKES_NO_INDEX else {})))
    finder = PackageFinder.create(collector, SelectionPreferences(allow_yanked=True))
    options = optparse.Values({"require_hashes": False, "features_enabled": []})
    lines = []
    for parsed in parse_requirements(filename, session=session, finder=finder, options=options):
        asked = install_req_from_parsed_requirement(parsed)
        lines.append({
            "name": canonicalize_name(asked.req.name) if asked.req else None,
            "extras": sorted(canonicalize_name(extra) for extra in asked.extras),
            "versions": [asked.req.specifier.contains(version, prereleases=True) for version in VERSIONS] if asked.req and not asked.link else [],
            "applies": [asked.markers is None or asked.markers.evaluate(environment) for environment in ENVIRONMENTS],
            "url": None if asked.link is None else asked.link.url.split("#")[0],
            "hashes": sorted(asked.hash_options.get("sha256", [])),
            "constraint": asked.constraint,
        })
    control = finder.format_control
    return {
        "lines": lines,
        "indexes": [] if finder.index_urls == ["https://default/simple"] else [url for url in finder.index_urls if url != "https://default/simple"],
        "links": [os.path.abspath(link) if "://" not in link else link for link in finder.find_links],
        "no_index": finder.search_scope.no_index,
        "pre": finder.allow_all_prereleases,
        "only_binary": sorted(control.only_binary),
        "no_binary": sorted(control.no_binary),
        "require_hashes": bool(options.require_hashes),
    }


for name in sys.argv[1:]:
    try:
        answer = read(name)
    except BaseException as refused:  # pip ends itself for some of them
        answer = {"refused": f"{type(refused).__name__}: {refused}"[:300]}
    print(json.dumps(answer))

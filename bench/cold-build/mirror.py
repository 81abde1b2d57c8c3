"""A mirror on this machine for cold-build.sh: mirror.py ADDRESS PORT FILES, where each line of FILES is "PATH<TAB>FILE".

Serves what a proxy of Debian's archive and a Python index would: GET with Range (RFC 9110) over connections that stay open. An address that is
asked for through http_proxy is answered by its path alone. "/simple/NAME/" lists the wheels of FILES.
"""
import http.server
import os
import re
import socketserver
import sys
import urllib.parse

files = {}
with open(sys.argv[3], encoding="utf-8") as lines:
    for line in lines:
        path, file = line.rstrip("\n").split("\t")
        files[path] = file
wheels = [path for path in files if path.endswith(".whl")]


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        if path.startswith("/simple/"):
            self.index(path.split("/")[2])
        elif (file := self.find(path)) is None:
            self.send_error(404)
        else:
            self.file(file)

    def find(self, path):
        if path in files:
            return files[path]
        at = path.find("/pool/")
        return files.get(path[at:]) if at >= 0 else None

    def index(self, project):
        links = "".join(f'<a href="{path}">{os.path.basename(path)}</a>\n' for path in wheels if normal(os.path.basename(path).split("-")[0]) == project)
        if not links:
            self.send_error(404)
            return
        body = f"<!DOCTYPE html><html><body>\n{links}</body></html>\n".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def file(self, file):
        with open(file, "rb") as content:
            size = os.fstat(content.fileno()).st_size
            first, last = 0, size - 1
            asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
            if asked and asked[1]:
                first = int(asked[1])
                last = min(last, int(asked[2])) if asked[2] else last
            elif asked and asked[2]:
                first = max(0, size - int(asked[2]))
            if first > last:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if asked else 200)
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self.send_header("Content-Length", str(last - first + 1))
            self.end_headers()
            self.wfile.flush()
            self.connection.sendfile(content, first, last - first + 1)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, *_):
        """A client that goes away is no news."""


Server((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()

namespace Torchyard.Images.Environments;

/// <summary>
/// <c>/etc/torchyard/jupyter_config.py</c>, for Notebook 6 (NotebookApp) and Jupyter Server 2 (ServerApp) alike. The supervisor sets the
/// variables. The token is not among them: both servers read it themselves from the file that JUPYTER_TOKEN_FILE names, and do not log it.
/// </summary>
internal static class JupyterConfiguration
{
    /// <summary>Where the terminal's page is.</summary>
    public const string TerminalPagePath = ProjectPython.JupyterData + "/templates/terminal.html";

    /// <summary>
    /// Debian's Notebook 6 is written for xterm.js 3, and Debian has xterm.js 5: its page for terminals stays blank
    /// (Terminal.applyAddon is not a function). This page in its place uses the xterm.js that is there (terminado's protocol:
    /// terminado/websocket.py).
    /// </summary>
    public const string TerminalPage = """
        {% extends "page.html" %}
        {% block title %}{{page_title}}{% endblock %}
        {% block bodyclasses %}terminal-app {{super()}}{% endblock %}
        {% block params %}
        data-base-url="{{base_url | urlencode}}"
        data-ws-url="{{ws_url | urlencode}}"
        data-ws-path="{{ws_path}}"
        {% endblock %}
        {% block stylesheet %}
        {{super()}}
        <link rel="stylesheet" href="{{static_url("components/xterm.js-css/index.css")}}" type="text/css">
        <style>
        #header, #site { display: block !important; }
        #site { background: #000; padding: 6px; overflow: hidden; }
        #torchyard-terminal { height: 100%; }
        </style>
        {% endblock %}
        {% block site %}<div id="torchyard-terminal"></div>{% endblock %}
        {% block script %}
        {{super()}}
        <script>
        requirejs([
            {{static_url("components/xterm.js/index.js") | tojson}},
            {{static_url("components/xterm.js-fit/index.js") | tojson}},
        ], function (xterm, addon) {
            "use strict";
            const data = document.body.dataset;
            const origin = decodeURIComponent(data.wsUrl) || location.origin.replace(/^http/, "ws");
            const socket = new WebSocket(origin + decodeURIComponent(data.baseUrl).replace(/[/]?$/, "/") + data.wsPath);
            const terminal = new xterm.Terminal({ cursorBlink: true, scrollback: 10000 });
            const fit = new addon.FitAddon();
            const site = document.getElementById("site");
            const place = document.getElementById("torchyard-terminal");
            const resize = function () {
                site.style.height = (window.innerHeight - site.getBoundingClientRect().top) + "px";
                fit.fit();
                if (socket.readyState === WebSocket.OPEN) {
                    socket.send(JSON.stringify(["set_size", terminal.rows, terminal.cols, place.clientHeight, place.clientWidth]));
                }
            };
            terminal.loadAddon(fit);
            terminal.open(place);
            terminal.onData(function (keys) { socket.send(JSON.stringify(["stdin", keys])); });
            terminal.onTitleChange(function (title) { document.title = title; });
            socket.onopen = function () { resize(); terminal.focus(); };
            socket.onmessage = function (event) {
                const message = JSON.parse(event.data);
                if (message[0] === "stdout") {
                    terminal.write(message[1]);
                } else if (message[0] === "disconnect") {
                    terminal.write("\r\n[the shell has ended]\r\n");
                }
            };
            socket.onclose = function () { terminal.write("\r\n[disconnected]\r\n"); };
            window.addEventListener("resize", resize);
            window.terminal = { term: terminal, socket: socket };
        });
        </script>
        {% endblock %}

        """;

    public const string Text = """
        import logging
        import os
        import re

        c = get_config()  # noqa: F821

        # A browser that follows the panel's address sends the token once in the URL, and both servers log the URLs of requests.
        make_record = logging.getLogRecordFactory()


        def make_scrubbed_record(*args, **kwargs):
            record = make_record(*args, **kwargs)
            text = str(record.msg) % record.args if record.args else str(record.msg)
            if "token=" in text:
                record.msg, record.args = re.sub(r"token=[^&\s)]+", "token=[secret]", text), None
            return record


        logging.setLogRecordFactory(make_scrubbed_record)

        for app in (c.NotebookApp, c.ServerApp):
            app.ip = os.environ["TORCHYARD_JUPYTER_LISTEN"]
            app.port = int(os.environ["TORCHYARD_JUPYTER_PORT"])
            app.port_retries = 0
            app.open_browser = False
            app.allow_root = True
            app.terminado_settings = {"shell_command": ["/bin/bash", "-l"]}
            if os.environ.get("TORCHYARD_JUPYTER_CERTIFICATE"):
                app.certfile = os.environ["TORCHYARD_JUPYTER_CERTIFICATE"]
                app.keyfile = os.environ["TORCHYARD_JUPYTER_KEY"]
                app.allow_remote_access = True

        # Debian's Notebook 6 beside an xterm.js of version 4 or later, whose addons are used otherwise: see the page.
        try:
            with open("/usr/share/javascript/xterm/addons/fit/fit.js", encoding="utf-8") as file:
                is_newer = "FitAddon" in file.read()
        except OSError:
            is_newer = False
        if is_newer and os.path.exists("/usr/lib/python3/dist-packages/notebook/templates/terminal.html"):
            c.NotebookApp.extra_template_paths = ["/usr/lib/torchyard/jupyter/templates"]

        c.NotebookApp.notebook_dir = os.getcwd()
        c.ServerApp.root_dir = os.getcwd()
        # Notebook 6 asks at /api without a token; both show nothing else to a stranger.
        c.NotebookApp.quit_button = False
        c.FileContentsManager.delete_to_trash = False

        """;
}

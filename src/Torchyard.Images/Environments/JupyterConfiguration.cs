namespace Torchyard.Images.Environments;

/// <summary>
/// <c>/etc/torchyard/jupyter_config.py</c>, for Notebook 6 (NotebookApp) and Jupyter Server 2 (ServerApp) alike. The supervisor sets the
/// variables. The token is not among them: both servers read it themselves from the file that JUPYTER_TOKEN_FILE names, and do not log it.
/// </summary>
internal static class JupyterConfiguration
{
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

        c.NotebookApp.notebook_dir = os.getcwd()
        c.ServerApp.root_dir = os.getcwd()
        # Notebook 6 asks at /api without a token; both show nothing else to a stranger.
        c.NotebookApp.quit_button = False
        c.FileContentsManager.delete_to_trash = False

        """;
}

namespace Torchyard.Images.Environments;

/// <summary>
/// <c>/etc/torchyard/jupyter_config.py</c>, for Notebook 6 (NotebookApp) and Jupyter Server 2 (ServerApp) alike. The supervisor sets the
/// variables. The token is not among them: both servers read it themselves from the file that JUPYTER_TOKEN_FILE names, and do not log it.
/// </summary>
internal static class JupyterConfiguration
{
    public const string Text = """
        import os

        c = get_config()  # noqa: F821

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

using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Environments;

/// <summary>
/// Writes <c>services.json</c>, which docs/supervisor.md describes. <c>${...}</c> is filled in by the supervisor at start.
/// </summary>
internal static class ServicesDocument
{
    public static string Write(Recipe recipe, string programs, ProjectPython? python)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions
        {
            Indented = true,
            NewLine = "\n",
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            json.WriteNumber("version", 1);
            json.WriteStartArray("services");
            if (recipe.Services.Jupyter is { } jupyter)
            {
                WriteJupyter(json, jupyter, programs, python);
            }

            if (recipe.Services.Ssh is { } ssh)
            {
                WriteSsh(json, ssh);
            }

            foreach (var service in recipe.Services.Commands)
            {
                WriteCommand(json, service);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static void WriteJupyter(Utf8JsonWriter json, JupyterSettings settings, string programs, ProjectPython? python)
    {
        json.WriteStartObject();
        json.WriteString("name", "jupyter");
        json.WriteString("kind", "jupyter");
        WriteStrings(json, "command", ["jupyter", "--config=" + EnvironmentFiles.JupyterConfigurationPath]);
        // The project's own JupyterLab, where somebody installed it by pip; then JupyterLab before the notebook, and one that the recipe
        // installs by pip before Debian's (jupyterlab 4, or the classic Notebook 6).
        string[] own = python is null ? [] : [$"{ProjectPython.Programs}/jupyter-lab"];
        WriteStrings(
            json,
            "programs",
            [.. own, $"{programs}/jupyter-lab", $"{programs}/jupyter-notebook", "/usr/bin/jupyter-lab", "/usr/bin/jupyter-notebook"]
        );
        json.WriteString("directory", EnvironmentPlaces.Workspace);
        json.WriteString("listen", settings.Listen);
        json.WriteNumber("port", settings.Port);
        json.WriteStartObject("ready");
        json.WriteString("kind", "http");
        json.WriteString("path", "/api");
        json.WriteNumber("timeoutSeconds", 120);
        json.WriteEndObject();
        WriteRestartAndStop(json, stopSeconds: 10);
        json.WriteEndObject();
    }

    private static void WriteSsh(Utf8JsonWriter json, SshSettings settings)
    {
        json.WriteStartObject();
        json.WriteString("name", "ssh");
        json.WriteString("kind", "ssh");
        WriteStrings(json, "command", ["/usr/sbin/sshd", "-D", "-e", "-f", "${run}/sshd_config"]);
        json.WriteString("listen", settings.Listen);
        json.WriteNumber("port", settings.Port);
        json.WriteString("configuration", EnvironmentFiles.SshConfigurationPath);
        json.WriteStartObject("ready");
        json.WriteString("kind", "tcp");
        json.WriteNumber("timeoutSeconds", 30);
        json.WriteEndObject();
        WriteRestartAndStop(json, stopSeconds: 5);
        json.WriteEndObject();
    }

    private static void WriteCommand(Utf8JsonWriter json, OwnService service)
    {
        json.WriteStartObject();
        json.WriteString("name", service.Name);
        WriteStrings(json, "command", [.. service.Command]);
        if (service.Programs.Count > 0)
        {
            WriteStrings(json, "programs", [.. service.Programs]);
        }

        json.WriteString("directory", service.Directory);
        if (service.Environment.Count > 0)
        {
            json.WriteStartObject("environment");
            foreach (var (name, value) in service.Environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        if (service.Port is { } port)
        {
            json.WriteString("listen", service.Listen);
            json.WriteNumber("port", port);
        }

        json.WriteStartObject("ready");
        json.WriteString(
            "kind",
            service.Ready switch
            {
                ServiceReady.Tcp => "tcp",
                ServiceReady.Http => "http",
                _ => "none",
            }
        );
        if (service.Ready == ServiceReady.Http)
        {
            json.WriteString("path", service.ReadyPath);
        }

        // As long as `up` waits.
        json.WriteNumber("timeoutSeconds", 120);
        json.WriteEndObject();
        WriteRestartAndStop(
            json,
            stopSeconds: 10,
            service.Restart switch
            {
                ServiceRestart.OnFailure => "on-failure",
                ServiceRestart.Never => "never",
                _ => "always",
            }
        );
        json.WriteEndObject();
    }

    private static void WriteRestartAndStop(Utf8JsonWriter json, int stopSeconds, string policy = "always")
    {
        json.WriteStartObject("restart");
        json.WriteString("policy", policy);
        json.WriteNumber("firstDelaySeconds", 1);
        json.WriteNumber("longestDelaySeconds", 60);
        json.WriteEndObject();
        json.WriteStartObject("stop");
        json.WriteString("signal", "SIGTERM");
        json.WriteNumber("timeoutSeconds", stopSeconds);
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, string[] values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}

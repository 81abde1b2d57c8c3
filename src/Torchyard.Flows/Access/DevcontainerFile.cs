using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Torchyard.Containers.Engines;
using Torchyard.Images.Environments;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Access;

/// <summary>
/// <c>.devcontainer/devcontainer.json</c> (https://containers.dev/implementors/json_reference/): what editors that work in containers of
/// docker or podman need to open a project in the image of its recipe.
/// </summary>
internal static class DevcontainerFile
{
    /// <summary>Where it is, from the project's directory.</summary>
    public const string Name = ".devcontainer/devcontainer.json";

    private const string User = "trainer";
    private const string Workspace = "/workspace";

    // docker's own are 64 MB, in which the workers of a DataLoader die.
    private const long UsualSharedMemory = 8L << 30;

    /// <summary>The file for a recipe.</summary>
    public static string Write(Recipe recipe)
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
            json.WriteString("name", recipe.Name);
            json.WriteString("image", EngineImport.NamedReference($"{recipe.Name}:{recipe.Image.Tag}"));
            // On the machine, before the image is looked for: gives it to docker, which has it then by that name.
            json.WriteString(
                "initializeCommand",
                $"torchyard build && torchyard run --rm --engine docker {recipe.Name}:{recipe.Image.Tag} true"
            );
            json.WriteString("workspaceFolder", Workspace);
            json.WriteString("workspaceMount", $"source=${{localWorkspaceFolder}},target={Workspace},type=bind");
            Texts(json, "mounts", [.. recipe.Mounts.Select(Mount)]);
            json.WriteString("remoteUser", User);
            // The editor has its own ways in, and its own notebooks.
            json.WriteBoolean("overrideCommand", true);
            json.WriteStartObject("containerEnv");
            json.WriteString("TORCHYARD_SERVICES", "none");
            foreach (var (name, value) in recipe.Environment.Variables)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
            if (recipe.Environment.Pass.Count > 0)
            {
                // By name: the editor takes the value from the user when it connects.
                json.WriteStartObject("remoteEnv");
                foreach (var variable in recipe.Environment.Pass)
                {
                    json.WriteString(variable.Name, $"${{localEnv:{variable.Name}}}");
                }

                json.WriteEndObject();
            }

            Texts(
                json,
                "runArgs",
                [string.Create(CultureInfo.InvariantCulture, $"--shm-size={recipe.Limits.SharedMemory ?? UsualSharedMemory}")]
            );
            json.WriteStartObject("hostRequirements");
            json.WriteString("gpu", "optional");
            json.WriteEndObject();
            json.WriteStartObject("customizations");
            json.WriteStartObject("vscode");
            Texts(json, "extensions", ["ms-python.python", "ms-toolsai.jupyter"]);
            json.WriteStartObject("settings");
            json.WriteString("python.defaultInterpreterPath", ProjectPython.Programs + "/python3");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static string Mount(MountSetting mount)
    {
        var source =
            mount.Source == "~" ? "${localEnv:HOME}"
            : mount.Source.StartsWith("~/", StringComparison.Ordinal) ? "${localEnv:HOME}/" + mount.Source[2..]
            : mount.Source.StartsWith('/') ? mount.Source
            : "${localWorkspaceFolder}/" + (mount.Source.StartsWith("./", StringComparison.Ordinal) ? mount.Source[2..] : mount.Source);
        return $"source={source},target={mount.Target},type=bind{(mount.ReadOnly ? ",readonly" : "")}";
    }

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}

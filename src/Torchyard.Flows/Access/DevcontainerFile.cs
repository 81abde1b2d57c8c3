using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Torchyard.Containers.Engines;
using Torchyard.Images.Environments;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
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

    // docker's own are 64 MB, in which the workers of a DataLoader die.
    private const long UsualSharedMemory = 8L << 30;

    // Editors replace ${localEnv:NAME} and the like in every text, and know no way to write it otherwise.
    private const string Variable = "${";

    // docker reads a mount as a line of CSV, and editors cut it at each comma and equals sign before.
    private static readonly SearchValues<char> OfMounts = SearchValues.Create(",=\"\r\n");

    /// <summary>
    /// The file for a recipe that was let through. What the editor makes of it is no more than that: nothing that the recipe says is read
    /// by the editor or docker as anything but itself.
    /// </summary>
    /// <exception cref="TorchyardException">TY4125: it says something that they would read otherwise.</exception>
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
            json.WriteString("workspaceFolder", EnvironmentPlaces.Workspace);
            json.WriteString("workspaceMount", $"source=${{localWorkspaceFolder}},target={EnvironmentPlaces.Workspace},type=bind");
            Texts(json, "mounts", [.. recipe.Mounts.Select(Mount)]);
            json.WriteString("remoteUser", EnvironmentPlaces.User);
            // The editor has its own ways in, and its own notebooks.
            json.WriteBoolean("overrideCommand", true);
            json.WriteStartObject("containerEnv");
            json.WriteString("TORCHYARD_SERVICES", "none");
            foreach (var (name, value) in recipe.Environment.Variables)
            {
                json.WriteString(name, Plain($"the value of {name} under [environment]", value));
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
        var written = OfMount("source", mount.Source);
        var source =
            written == "~" ? "${localEnv:HOME}"
            : written.StartsWith("~/", StringComparison.Ordinal) ? "${localEnv:HOME}/" + written[2..]
            : written.StartsWith('/') ? written
            : "${localWorkspaceFolder}/" + (written.StartsWith("./", StringComparison.Ordinal) ? written[2..] : written);
        return $"source={source},target={OfMount("target", mount.Target)},type=bind{(mount.ReadOnly ? ",readonly" : "")}";
    }

    private static string OfMount(string part, string path)
    {
        var what = $"the {part} '{path}' of a mount";
        return path.AsSpan().IndexOfAny(OfMounts) is >= 0 and var place
            ? throw Refused(
                $"{what} has {(path[place] is '\r' or '\n' ? "a line break" : $"'{path[place]}'")} in it, "
                    + "where docker would read more options"
            )
            : Plain(what, path);
    }

    private static string Plain(string what, string text) =>
        text.Contains(Variable, StringComparison.Ordinal)
            ? throw Refused($"{what} has '{Variable}' in it, which editors replace by what the machine has")
            : text;

    private static TorchyardException Refused(string what) =>
        new("TY4125", $"{what}; nothing was written", "change that in the recipe, or work in the environment of 'torchyard up' by SSH")
        {
            IsUsage = true,
        };

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

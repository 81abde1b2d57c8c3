using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Torchyard.Flows.Access;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Reading;

namespace Torchyard.Flows.Tests.Access;

/// <summary>
/// The parts of the published schema (https://containers.dev/implementors/json_schema/, devContainer.base and imageContainer) that the file
/// uses. It allows no other members, so a name that is not here is a fault.
/// </summary>
public sealed partial class DevcontainerFileTests
{
    private const string Recipe = """
        name = "vision"
        packages = ["bash"]
        [base]
        suite = "trixie"
        [[mounts]]
        source = "./data"
        target = "/workspace/data"
        [[mounts]]
        source = "~/datasets"
        target = "/datasets"
        read-only = true
        [environment]
        HF_HUB_OFFLINE = "1"
        pass = ["HF_TOKEN?"]
        [limits]
        shared-memory = "1GiB"
        [image]
        tag = "v2"
        """;

    private static readonly Dictionary<string, Func<JsonElement, bool>> Schema = new(StringComparer.Ordinal)
    {
        ["name"] = IsText,
        ["image"] = IsText,
        ["initializeCommand"] = value => IsText(value) || IsTexts(value),
        ["workspaceFolder"] = IsText,
        ["workspaceMount"] = IsText,
        ["mounts"] = value => IsTexts(value) && value.EnumerateArray().All(mount => MountForm().IsMatch(mount.GetString()!)),
        ["remoteUser"] = IsText,
        ["overrideCommand"] = value => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        ["containerEnv"] = value => value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(member => IsText(member.Value)),
        ["remoteEnv"] = value =>
            value.EnumerateObject().All(member => member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Null),
        ["runArgs"] = IsTexts,
        ["hostRequirements"] = value =>
            value.EnumerateObject().All(member => member.Name == "gpu" && member.Value.GetString() is "optional"),
        ["customizations"] = value => value.ValueKind == JsonValueKind.Object,
    };

    [Fact]
    public void Every_member_is_one_of_the_schema_and_has_its_form()
    {
        var root = Root(Recipe);

        Assert.All(root.EnumerateObject(), member => Assert.True(Schema.GetValueOrDefault(member.Name)?.Invoke(member.Value), member.Name));
        // Either both or neither: "dependencies" of the schema.
        Assert.True(root.TryGetProperty("workspaceFolder", out _) && root.TryGetProperty("workspaceMount", out _));
    }

    [Fact]
    public void It_opens_the_image_of_the_recipe_with_its_mounts_and_shared_memory()
    {
        var root = Root(Recipe);

        Assert.Equal("localhost/torchyard/vision:v2", root.GetProperty("image").GetString());
        Assert.Equal(
            [
                "source=${localWorkspaceFolder}/data,target=/workspace/data,type=bind",
                "source=${localEnv:HOME}/datasets,target=/datasets,type=bind,readonly",
            ],
            root.GetProperty("mounts").EnumerateArray().Select(mount => mount.GetString())
        );
        Assert.Equal("1", root.GetProperty("containerEnv").GetProperty("HF_HUB_OFFLINE").GetString());
        Assert.Equal("${localEnv:HF_TOKEN}", root.GetProperty("remoteEnv").GetProperty("HF_TOKEN").GetString());
        Assert.Equal("--shm-size=1073741824", root.GetProperty("runArgs")[0].GetString());
    }

    // Variables are replaced in every text (https://containers.dev/implementors/json_reference/#variables-in-devcontainerjson); the gate
    // asked about the paths and variables as the recipe has them.
    [Theory]
    [InlineData("[environment]\nA = \"${localEnv:AWS_SECRET_ACCESS_KEY}\"")]
    [InlineData("[environment]\nA = \"x$${env:HOME}\"")]
    [InlineData("[[mounts]]\nsource = \"./${localEnv:HOME}\"\ntarget = \"/data\"")]
    [InlineData("[[mounts]]\nsource = \"./a\"\ntarget = \"/data/${localEnv:HOME}\"")]
    [InlineData("[[mounts]]\nsource = \"./a,source=/\"\ntarget = \"/data\"")]
    [InlineData("[[mounts]]\nsource = \"./a\"\ntarget = \"/data,readonly=false\"\nread-only = true")]
    [InlineData("[[mounts]]\nsource = \"./a\\\"b\"\ntarget = \"/data\"")]
    [InlineData("[[mounts]]\nsource = \"./a=b\"\ntarget = \"/data\"")]
    [InlineData("[[mounts]]\nsource = \"./a\\nb\"\ntarget = \"/data\"")]
    public void What_editors_or_docker_would_read_as_more_is_refused(string added)
    {
        var recipe = $"name = \"vision\"\npackages = [\"bash\"]\n[base]\nsuite = \"trixie\"\n{added}\n";

        var failure = Assert.Throws<TorchyardException>(() => Root(recipe));

        Assert.Equal(("TY4125", true), (failure.Code, failure.IsUsage));
    }

    private static JsonElement Root(string recipe) =>
        JsonDocument.Parse(DevcontainerFile.Write(RecipeReader.Read(Encoding.UTF8.GetBytes(recipe), "torchyard.toml"))).RootElement;

    private static bool IsText(JsonElement value) => value.ValueKind == JsonValueKind.String;

    private static bool IsTexts(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(IsText);

    [GeneratedRegex(@"\Asource=[^,]+,target=/[^,]+,type=bind(,readonly)?\z")]
    private static partial Regex MountForm();
}

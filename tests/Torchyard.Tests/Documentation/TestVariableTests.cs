using System.Text.RegularExpressions;

namespace Torchyard.Tests.Documentation;

/// <summary>CONTRIBUTING.md names every variable that changes what tests do.</summary>
public sealed partial class TestVariableTests
{
    // Variables of the program and of its images, which docs/ describes and tests set like any other user.
    private static readonly string[] OfTheProgram =
    [
        "TORCHYARD_STORE",
        "TORCHYARD_SERVICES",
        "TORCHYARD_SERVICES_FILE",
        "TORCHYARD_AUTHORIZED_KEYS",
        "TORCHYARD_SSH_PORT",
        "TORCHYARD_SSH_LISTEN",
        "TORCHYARD_WEB_PORT",
        "TORCHYARD_JUPYTER_PORT",
        "TORCHYARD_JUPYTER_LISTEN",
        "TORCHYARD_JUPYTER_TOKEN_FILE",
        "TORCHYARD_LOG_DIR",
        "TORCHYARD_RUN_DIR",
        "TORCHYARD_STATE_DIR",
        "TORCHYARD_CUDA_MIRROR",
        "TORCHYARD_CUDNN_MIRROR",
        "TORCHYARD_PATH",
        "TORCHYARD_TORCH_INDEX",
    ];

    [Fact]
    public void Every_variable_of_the_tests_is_described()
    {
        var root = SourceTree.Root;
        var files = Directory
            .EnumerateFiles(Path.Combine(root, "tests"), "*", SearchOption.AllDirectories)
            .Where(file => Path.GetExtension(file) is ".cs" or ".sh" && !file.Split('/').Any(part => part is "bin" or "obj"))
            .Append(Path.Combine(root, "test"))
            .Concat(Directory.EnumerateFiles(Path.Combine(root, ".ci")));
        var text = File.ReadAllText(Path.Combine(root, "CONTRIBUTING.md"));
        var missing = files
            .SelectMany(file =>
                Variable().Matches(File.ReadAllText(file)).Select(match => (match.Value, File: Path.GetRelativePath(root, file)))
            )
            .Where(found => !OfTheProgram.Contains(found.Value) && !text.Contains($"`{found.Value}", StringComparison.Ordinal))
            .Distinct();
        Assert.Empty(missing);
    }

    [GeneratedRegex("TORCHYARD_[A-Z_]*[A-Z]")]
    private static partial Regex Variable();
}

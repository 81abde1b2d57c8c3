using Torchyard.Platform;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Capture;

/// <summary>The failures that capturing expects; each has a row in docs/errors/images.md.</summary>
internal static class CaptureErrors
{
    internal static TorchyardException NoDirectory(string path) => new(
        "TY3030", $"there is no directory {path}", "Name the directory of a virtual environment, a conda prefix or any other directory")
    { IsUsage = true };

    internal static TorchyardException BrokenInterpreter(string link, string target) => new(
        "TY3031", $"the environment's interpreter {link} leads to {target}, which is not on this machine",
        "Capture the environment where it works; if the interpreter has moved, recreate the environment");

    internal static TorchyardException NoSuchDistribution(string name, string? nearest) => new(
        "TY3032", $"'{name}' is not installed in the environment",
        nearest is null ? "See what is installed with 'pip list', or with 'torchyard capture DIR --dry-run'" : $"Did you mean {nearest}?")
    { IsUsage = true };

    internal static TorchyardException Refused(string path, string what) => new(
        "TY3033", $"{path} is {what}, which is more than an environment", "Name the directory of the environment itself")
    { IsUsage = true };

    internal static TorchyardException Changed(string path) => new(
        "TY3034", $"{path} changed while it was captured", "End the programs that write to the environment, then capture again");

    internal static TorchyardException Unreadable(string path, string error) => new(
        "TY3035", $"{path} cannot be read: {error}", "Run as a user who may read the environment, or leave the file out with --exclude");

    internal static TorchyardException BytecodeFailed(string interpreter, int exitCode, string tail) => new(
        "TY3036", $"compiling Python modules with {interpreter} failed with exit code {exitCode}:\n{tail.TrimEnd()}",
        "Check that the interpreter runs on this machine, or leave the bytecode out with --no-bytecode");

    internal static TorchyardException NoInterpreter(string image, string interpreter, IReadOnlyList<string> versions) => new(
        "TY3039", $"the base image {image} has no {interpreter}, which the environment runs on; it has {(versions.Count == 0 ? "no Python" : "Python " + string.Join(", ", versions))}",
        "Choose a base image with that version of Python, or leave --base out: then this machine's own system is taken");

    internal static TorchyardException NoSuchPackage(string name, IEnumerable<string> known) => new(
        "TY3037", $"this machine has no package '{name}'",
        NearestName.Find(name, known) is { } nearest ? $"Did you mean {nearest}?" : "Install it first, or see 'dpkg -l' for what there is")
    { IsUsage = true };
}

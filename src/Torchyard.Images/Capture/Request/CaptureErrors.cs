using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Capture.Request;

/// <summary>The failures that capturing expects; each has a row in docs/errors/images.md.</summary>
internal static class CaptureErrors
{
    internal static TorchyardException NoDirectory(string path) =>
        new("TY3030", $"there is no directory {path}", "name the directory of a virtual environment, a conda prefix or any other directory")
        {
            IsUsage = true,
        };

    internal static TorchyardException BrokenInterpreter(string link, string target) =>
        new(
            "TY3031",
            $"the environment's interpreter {link} leads to {target}, which is not on this machine",
            "capture the environment where it works; if the interpreter has moved, recreate the environment"
        );

    internal static TorchyardException NoSuchDistribution(string name, string? nearest) =>
        new(
            "TY3032",
            $"'{name}' is not installed in the environment",
            nearest is null
                ? "see what is installed with 'pip list', or with 'torchyard capture DIR --dry-run'"
                : $"did you mean {nearest}?"
        )
        {
            IsUsage = true,
        };

    internal static TorchyardException Refused(string path, string what) =>
        new("TY3033", $"{path} is {what}, which is more than an environment", "name the directory of the environment itself")
        {
            IsUsage = true,
        };

    internal static TorchyardException Changed(string path) =>
        new("TY3034", $"{path} changed while it was captured", "end the programs that write to the environment, then capture again");

    internal static TorchyardException Unreadable(string path, string error) =>
        new(
            "TY3035",
            $"{path} cannot be read: {error}",
            "run as a user who may read the environment, or leave the file out with --exclude"
        );

    internal static TorchyardException BytecodeFailed(string interpreter, int exitCode, string tail) =>
        new(
            "TY3036",
            $"compiling Python modules with {interpreter} failed with exit code {exitCode}:\n{tail.TrimEnd()}",
            "check that the interpreter runs on this machine, or leave the bytecode out with --no-bytecode"
        );

    internal static TorchyardException ForeignInterpreter(TorchyardException refused) =>
        new(
            refused.Code,
            refused.Message,
            "run 'torchyard capture' as the user whom the environment belongs to, or leave the bytecode out with --no-bytecode: then "
                + "none of its programs is run outside of a container",
            refused
        );

    internal static TorchyardException BeyondReach(string path, string environment, uint owner) =>
        new(
            "TY3076",
            $"{environment} takes {path} into the image, which the environment's owner (user {owner}) may not read: as root it would be "
                + "handed over to who wrote that",
            $"run 'torchyard capture' as the owner, correct what names {path}, or allow it with --include {path}"
        );

    internal static TorchyardException DoesNotStart(string interpreter, int exitCode, string tail) =>
        new(
            "TY3075",
            $"the interpreter {interpreter} does not start in the finished image (exit code "
                + $"{exitCode}):\n{string.Join('\n', tail.TrimEnd().Split('\n').TakeLast(6))}",
            "see with 'torchyard capture DIR --dry-run' what would be taken; what is missing can be named with --include. Make the "
                + "environment anew with links (python -m venv --symlinks) if its interpreter is a copy. Nothing was named"
        );

    internal static TorchyardException NoInterpreter(string image, string interpreter, IReadOnlyList<string> versions) =>
        new(
            "TY3039",
            $"the base image {image} has no {interpreter}, which the environment runs on; it has "
                + $"{(versions.Count == 0 ? "no Python" : "Python " + string.Join(", ", versions))}",
            "choose a base image with that version of Python, or leave --base out: then this machine's own system is taken"
        );

    internal static TorchyardException NoSuchPackage(string name, IEnumerable<string> known) =>
        new(
            "TY3037",
            $"this machine has no package '{name}'",
            NearestName.Find(name, known) is { } nearest
                ? $"did you mean {nearest}?"
                : "install it first, or see 'dpkg -l' for what there is"
        )
        {
            IsUsage = true,
        };
}

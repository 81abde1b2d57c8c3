using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Copying;

/// <summary>Why something is not copied.</summary>
internal static class CopyErrors
{
    /// <summary>The source, or the directory that the destination is to be in, is not there.</summary>
    public static TorchyardException NotThere(string path) =>
        new("TY4130", $"there is no {path}", "check the path; 'torchyard exec NAME ls -l DIR' shows what is in a container");

    /// <summary>A directory is to replace a file, or a file a directory.</summary>
    public static TorchyardException WrongKind(string path, string what) =>
        new("TY4131", $"{path} is {what}", "name another destination, or remove it first");

    /// <summary>The path is on a mount, which a container that does not run has not got.</summary>
    public static TorchyardException OnMount(string container, string path, string target, string source) =>
        new(
            "TY4132",
            $"{container} does not run, and {path} is on its mount {target}",
            source.Length > 0 ? $"copy from or to {source} itself, or start the container first" : "start the container first"
        );

    /// <summary>A link in a directory that containers may write, on the machine's side.</summary>
    public static TorchyardException LinkOfContainer(string path, string link, string directory, string target) =>
        new(
            "TY4133",
            $"{path} leads through the symbolic link {link}, which a program in a container could have made ({directory} is open to them)",
            $"name the place itself where you mean it: {target}"
        )
        {
            IsUsage = true,
        };

    /// <summary>What comes from the other side cannot be a tree of files.</summary>
    public static TorchyardException BadTree(string what) => new("TY4134", what, "see what made it; copy a part of it, or leave that out");
}

using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Sources;

/// <summary>The errors of fetching sources and building wheels of them.</summary>
internal static class SourceProblem
{
    public static TorchyardException NoGit(string shown) =>
        new(
            "TY2521",
            $"{shown} is in a Git repository, and this machine has no git",
            "install it (apt-get install git), or name a wheel or an archive of that version instead"
        );

    public static TorchyardException Git(string shown, string why) =>
        new(
            "TY2522",
            $"{shown}: {why}",
            "check the address, the name of the branch or tag, and the access: git ls-remote URL must work as the same user"
        );

    public static TorchyardException TagGone(SourceReference source, string what) =>
        new(
            "TY2522",
            $"{source.Shown}: the repository has no '{what}' any more as the lock has it, and "
                + "the version that the wheel gets may depend on it",
            "run 'torchyard lock --upgrade-package NAME' with the project's name to take the repository as it is now, or copy the wheel "
                + "over from a machine that has it"
        );

    public static TorchyardException Archive(string shown, string why, Exception? inner = null) =>
        new(
            "TY2523",
            $"{shown} is damaged or hostile: {why}",
            "nothing of it was used. Fetch it again, report it to its publisher, or choose another version",
            inner
        );

    public static TorchyardException NoProject(string shown, string why) =>
        new(
            "TY2523",
            $"{shown} is not a source of a Python project: {why}",
            "name the project's directory with #subdirectory=DIR, or another archive"
        );

    public static TorchyardException Circle(string shown, IEnumerable<string> chain) =>
        new(
            "TY2526",
            $"{shown} is needed to build itself: {string.Join(" → ", chain.Append(shown))}",
            "one of them must come as a wheel: build it once (pip wheel --no-deps …) and name its directory in find-links"
        );

    public static TorchyardException NotReproduced(string name, string filename, Digest locked, Digest made, string madeName) =>
        new(
            "TY2525",
            $"{filename} of {name} was built again from the lock's source with the lock's tools, and has SHA-256 "
                + $"{made.Hex}{(madeName == filename ? "" : $" under the name {madeName}")} where the lock has {locked.Hex}: the build "
                + $"of {name} does not give the same bytes each time",
            $"take the wheel from the machine that locked: copy packages/sha256/{locked.Hex[..2]}/{locked.Hex} of its store to the same "
                + $"place here; or name that wheel in the recipe instead of its source; or run 'torchyard lock --upgrade-package {name}' "
                + "here"
        );
}

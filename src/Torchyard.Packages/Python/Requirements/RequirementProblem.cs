using Torchyard.Platform;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Errors in requirements that the user wrote.</summary>
internal static class RequirementProblem
{
    public static TorchyardException Wrong(SourceLocation? place, string why, string cure) =>
        new("TY2512", place is null ? why : $"{place}: {why}", cure) { Location = place, IsUsage = true };

    public static TorchyardException VersionControl(SourceLocation? place, string text) => new(
        "TY2514", (place is null ? "" : $"{place}: ") + $"'{text}' is a version control URL: what it gives must be built, and Torchyard installs wheels only",
        "Build the wheel once (pip wheel --no-deps 'URL' -w wheels/) and name it: find-links = [\"wheels\"], or packages = [\"./wheels/NAME.whl\"]")
    {
        Location = place,
        IsUsage = true,
    };
}

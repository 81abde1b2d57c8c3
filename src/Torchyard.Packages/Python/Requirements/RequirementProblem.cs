using Torchyard.Platform;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Errors in requirements that the user wrote.</summary>
internal static class RequirementProblem
{
    public static TorchyardException Wrong(SourceLocation? place, string why, string cure) =>
        new("TY2512", place is null ? why : $"{place}: {why}", cure) { Location = place, IsUsage = true };

    public static TorchyardException VersionControl(SourceLocation? place, string text, string why) => new(
        "TY2514", (place is null ? "" : $"{place}: ") + $"'{text}' is a version control URL that is not followed: {why}",
        "Write it as git+https://host/repository@REVISION (or git+ssh, git+file), or build the wheel once and name that")
    {
        Location = place,
        IsUsage = true,
    };
}

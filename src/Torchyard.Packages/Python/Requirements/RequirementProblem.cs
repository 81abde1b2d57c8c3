using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Errors in requirements that the user wrote.</summary>
internal static class RequirementProblem
{
    public static TorchyardException Wrong(SourceLocation? place, string why, string cure) =>
        Of(PackageCodes.WrongRequirement, place, why, cure);

    /// <summary>What pip takes and Torchyard does not.</summary>
    public static TorchyardException Refused(SourceLocation? place, string why, string cure) =>
        Of(PackageCodes.RefusedRequirement, place, why, cure);

    /// <summary>What pip reads over without a word, so that the file says something else than happens.</summary>
    public static TorchyardException Dropped(SourceLocation? place, string why, string cure) => Of("TY2531", place, why, cure);

    /// <summary>An error; what it quotes of a file neither ends nor turns the line.</summary>
    public static TorchyardException Of(string code, SourceLocation? place, string why, string cure) =>
        new(code, VisibleText.Of(place is null ? why : $"{place}: {why}"), VisibleText.Of(cure)) { Location = place, IsUsage = true };

    public static TorchyardException VersionControl(SourceLocation? place, string text, string why) =>
        Of(
            "TY2514",
            place,
            $"'{text}' is a version control URL that is not followed: {why}",
            "write it as git+https://host/repository@REVISION (or git+ssh, git+file), or build the wheel once and name that"
        );
}

using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Options that pip takes and a lock cannot keep, each with what to do instead.</summary>
internal static class RefusedOption
{
    /// <summary><c>-e</c>, of a directory or a repository.</summary>
    public static TorchyardException Editable(string value, SourceLocation? place)
    {
        if (!GitUrl.IsVersionControl(value))
        {
            return RequirementProblem.Refused(
                place,
                "an editable install has no place in an image",
                "mount the project's directory and name what it needs by pyproject = \"pyproject.toml\" in "
                    + "[python], or build a wheel of it and name that"
            );
        }

        var fragment = value.IndexOf('#', StringComparison.Ordinal) is >= 0 and var at ? value[at..] : "";
        var egg = fragment.TrimStart('#').Split('&').FirstOrDefault(part => part.StartsWith("egg=", StringComparison.Ordinal))?[4..];
        var rest = string.Join('&', fragment.TrimStart('#').Split('&').Where(part => !part.StartsWith("egg=", StringComparison.Ordinal)));
        var url = value[..^fragment.Length] + (rest.Length > 0 ? "#" + rest : "");
        return RequirementProblem.Refused(
            place,
            "an editable install of a repository has no place in an image",
            $"write it without -e, and it is built and installed: {(egg is null ? "" : egg + " @ ")}{url}"
        );
    }

    /// <summary>What changes how a wheel is built.</summary>
    public static TorchyardException Build(WrittenOption option, SourceLocation? place) =>
        RequirementProblem.Refused(
            place,
            $"{option.Name} changes how a wheel is built, which a lock does not keep",
            "build the wheel once with it (pip wheel) and name the file"
        );

    /// <summary>Nobody was asked about the places that a file of a server names: it is read when the recipe was allowed already.</summary>
    public static TorchyardException OtherServer(RequirementFile file, SourceLocation? place) =>
        RequirementProblem.Refused(
            place,
            $"{file.Shown}, a file of a server, names an index or a file by its URL",
            "copy the file here, look at it, and name the copy"
        );

    /// <summary><c>--trusted-host</c>.</summary>
    public static TorchyardException TrustedHost(SourceLocation? place) =>
        RequirementProblem.Refused(
            place,
            "a requirement file may not switch off the checks of a host's certificate",
            "if you trust the host, put it into your own pip.conf: pip config set global.trusted-host HOST"
        );
}

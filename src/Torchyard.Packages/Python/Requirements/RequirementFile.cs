using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>A requirement file of this machine or of a server.</summary>
internal sealed record RequirementFile(string? Path, Uri? Url, string Shown)
{
    /// <summary>Directory that its paths are beside; null on a server.</summary>
    public string? Directory => Path is null ? null : System.IO.Path.GetDirectoryName(Path);

    /// <summary>What stands for the lines of a recipe or a command, whose paths are beside this directory.</summary>
    public static RequirementFile In(string directory) => new(System.IO.Path.Combine(directory, "x"), null, "");

    /// <summary>The file that another one includes.</summary>
    /// <param name="value">As it is written.</param>
    /// <param name="place">Where.</param>
    /// <exception cref="TorchyardException">TY2512, TY2530.</exception>
    public RequirementFile Included(string value, SourceLocation? place)
    {
        if (value.Length == 0)
        {
            throw RequirementProblem.Wrong(place, "the name of the file is missing", "write -r FILE");
        }

        if (Url is { } page)
        {
            return UrlText.TryRead(page, value, out var next) && next.Scheme == page.Scheme && next.Authority == page.Authority
                ? new RequirementFile(null, next, Name(next))
                : throw RequirementProblem.Refused(
                    place,
                    $"{Shown}, a file of a server, includes '{value}' from elsewhere",
                    "copy the file here, look at it, and name the copy"
                );
        }

        if (DirectReference.Scheme(value) is { } scheme && UrlText.TryRead(value, out var url))
        {
            return scheme is "https" or "http" ? new RequirementFile(null, url, Name(url))
                : scheme == "file" && url.Host.Length == 0 ? new RequirementFile(url.LocalPath, null, url.LocalPath)
                : throw RequirementProblem.Wrong(
                    place,
                    $"'{value}' is not the address of a requirement file",
                    "write a path, or https://HOST/FILE"
                );
        }

        return new RequirementFile(
            System.IO.Path.GetFullPath(value, Directory!),
            null,
            System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Shown) ?? "", value)
        );
    }

    /// <summary>A file of a server may name no place of this machine: whoever wrote it could see what is there.</summary>
    /// <exception cref="TorchyardException">TY2530.</exception>
    public void RequireOwn(string path, SourceLocation? place)
    {
        if (Url is not null)
        {
            throw RequirementProblem.Refused(
                place,
                $"{Shown}, a file of a server, names '{path}' of this machine",
                "copy the file here, look at it, and name the copy"
            );
        }
    }

    // Without a login and a query.
    private static string Name(Uri url) => UrlText.WithoutSecrets(url.GetLeftPart(UriPartial.Path));
}

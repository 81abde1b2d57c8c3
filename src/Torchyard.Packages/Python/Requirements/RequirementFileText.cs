using Torchyard.Platform.Errors;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>Gets the text of requirement files, of the project, of the machine and of servers, as far as somebody allowed it.</summary>
/// <param name="files">Gives the files, each once.</param>
/// <param name="survey">Gets what the files want from the machine and nobody allowed yet; null to refuse it.</param>
/// <param name="fetch">Gets a file of a server; null to refuse it.</param>
/// <param name="isForeign">Nothing outside of the directory is read, whoever allowed it.</param>
internal sealed class RequirementFileText(ProjectFiles files, ICollection<Wish>? survey, Func<Uri, byte[]>? fetch, bool isForeign)
{
    private const long SizeLimit = 16 << 20;

    /// <summary>The text of a file; empty for one that is only wished for.</summary>
    /// <param name="file">The file.</param>
    /// <param name="from">Where it is named, or null.</param>
    /// <exception cref="TorchyardException">TY2512, TY2530, TY2536.</exception>
    public string Read(RequirementFile file, SourceLocation? from)
    {
        if (file.Url is { } url)
        {
            if (survey is not null)
            {
                // Nobody was asked yet. What is in it can reach no further: it may name no other place.
                survey.Add(
                    new Wish(WishKind.Download, url.GetLeftPart(UriPartial.Scheme) + url.Authority) { From = WrittenAt(from, file.Shown) }
                );
                return "";
            }

            return PythonText.Decode(
                fetch is null
                    ? throw RequirementProblem.Of(
                        "TY2536",
                        from,
                        $"{file.Shown} is on a server, and nothing is fetched here",
                        "copy the file here and name the copy"
                    )
                    : fetch(url),
                file.Shown
            );
        }

        var (path, shown) = (file.Path!, file.Shown);
        if (isForeign && files.IsOutside(path))
        {
            throw RequirementProblem.Refused(from, $"'{shown}' is outside of this directory", "copy the file into it, and name the copy");
        }

        if (IsOnlyWished(path, WrittenAt(from, shown)))
        {
            return "";
        }

        try
        {
            return PythonText.Decode(files.Read(path, SizeLimit), shown);
        }
        catch (TorchyardException large) when (large.Code == PlatformCodes.TooLarge)
        {
            throw RequirementProblem.Wrong(new SourceLocation(shown, 1, 1), "the file is larger than 16 MiB", "name a requirement file");
        }
        catch (TorchyardException special) when (special.Code == PlatformCodes.NotRegular)
        {
            throw RequirementProblem.Wrong(from, special.Message, "name a requirement file that you may read");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw RequirementProblem.Wrong(
                from,
                $"there is no file '{shown}'",
                "correct the path in the recipe or in the file that includes it"
            );
        }
        catch (Exception denied) when (denied is UnauthorizedAccessException or IOException)
        {
            throw RequirementProblem.Wrong(
                from,
                $"'{shown}' cannot be read: {(Directory.Exists(path) ? "it is a directory" : denied.Message)}",
                "name a requirement file that you may read"
            );
        }
    }

    /// <summary>True for a file outside the project while it is only found out what the recipe wants.</summary>
    public bool IsOnlyWished(string path, string from)
    {
        if (survey is null || !files.IsOutside(path) || files.Reaches(files.RealOf(path)))
        {
            return false;
        }

        survey.Add(Wish.File(files.RealOf(path), from));
        return true;
    }

    /// <summary>File and line for a wish.</summary>
    public static string WrittenAt(SourceLocation? place, string otherwise) => place is null ? otherwise : $"{place.File}:{place.Line}";
}

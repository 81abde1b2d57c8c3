using System.Security.Cryptography;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Sources;

/// <summary>
/// What the sources of <c>[[files]]</c> hold. A program in a container may have written them: they are listed from descriptor to
/// descriptor, no link below a source is followed, only regular files are opened, and all of it has bounds.
/// </summary>
/// <param name="files">The files of the project.</param>
/// <param name="bounds">How much may be found.</param>
internal sealed class ProjectTree(ProjectFiles files, ProjectTreeBounds bounds)
{
    // A name of an image layer that means the removal of another (image-spec, layer.md, "Whiteouts").
    private const string Whiteout = ".wh.";
    private const string TooMuchCure = "name only what the image needs; data belong on a mount, which is not copied: [[mounts]]";
    private const string LinkCure = "put the file itself there, or name what it leads to in [[files]]";

    private int _count;
    private long _size;

    /// <summary>The files of one source, by path (ordinal).</summary>
    /// <exception cref="TorchyardException">TY1012: it cannot be read; TY1018: it has what no image gets, or too much; TY1043: it is
    /// outside of the project, and nobody allowed that.</exception>
    public IReadOnlyList<ProjectTreeFile> List(FilesSetting wanted)
    {
        var real = files.RealOf(wanted.Source);
        files.Require(real);
        if (RealPath.IsWithin(files.RealDirectory, real))
        {
            throw Wrong(
                wanted.Source,
                "is the project itself, with the lock in it, which would change whenever it is written",
                "name the files and directories of the project that the image needs"
            );
        }

        var found = new List<ProjectTreeFile>();
        try
        {
            using var place = ConfinedDirectory.TryOpenReal(real, out var error) ?? throw FileRefusal.Of(wanted.Source, real, error);
            var facts = FileFacts.Of(place, wanted.Source);
            if (facts.IsDirectory)
            {
                using var directory = ConfinedDirectory.Of(place, wanted.Source);
                Add(directory, wanted.Source.TrimEnd('/'), "", found);
            }
            else
            {
                using var content = RegularFile.Reopen(place, wanted.Source);
                Add(content, wanted.Source, "", facts, found);
            }
        }
        catch (TorchyardException unfit) when (unfit.Code is PlatformCodes.NotRegular or PlatformCodes.LinkOut)
        {
            throw Wrong(wanted.Source, $"cannot be in the image: {unfit.Message}", LinkCure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw ProjectFiles.Unreadable(wanted.Source, failure);
        }

        return found.Count > 0
            ? found
            : throw Wrong(wanted.Source, "has no file in it", "put the files there, or leave it out of [[files]]");
    }

    private void Add(ConfinedDirectory directory, string path, string inside, List<ProjectTreeFile> found)
    {
        foreach (var name in directory.List(inside).Order(StringComparer.Ordinal))
        {
            var below = inside.Length == 0 ? name : $"{inside}/{name}";
            var shown = $"{path}/{below}";
            if (
                below.Length > bounds.LongestPath
                || name.StartsWith(Whiteout, StringComparison.Ordinal)
                || name.Any(letter => char.IsControl(letter) || letter == '\uFFFD')
            )
            {
                throw Wrong(VisibleText.Of(shown), "has a name that no layer of an image can have", "rename it, or put it elsewhere");
            }

            // What is gone by now was not there.
            switch (directory.Status(below))
            {
                case { IsDirectory: true }:
                    Add(directory, path, below, found);
                    break;
                case { IsRegular: true } facts when directory.OpenRead(below) is { } content:
                    using (content)
                    {
                        Add(content, shown, below, facts, found);
                    }

                    break;
                case { IsRegular: false } other:
                    throw Wrong(shown, $"is {other.Description}, and images get regular files of a project alone", LinkCure);
            }
        }
    }

    private void Add(FileStream content, string path, string inside, FileFacts facts, List<ProjectTreeFile> found)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[(int)Math.Clamp(content.Length + 1, 4096, 1 << 18)];
        long size = 0;
        for (var read = content.Read(buffer); read > 0; read = content.Read(buffer))
        {
            hash.AppendData(buffer.AsSpan(0, read));
            size += read;
            if (_size + size > bounds.Bytes)
            {
                throw Wrong(path, $"makes the sources of [[files]] larger than {ByteSize.Binary(bounds.Bytes)}", TooMuchCure);
            }
        }

        _size += size;
        if (++_count > bounds.Files)
        {
            throw Wrong(path, $"is one more than the {bounds.Files} files that [[files]] may have", TooMuchCure);
        }

        found.Add(
            new ProjectTreeFile
            {
                Path = path,
                Inside = inside,
                IsExecutable = (facts.Permissions & FileModes.OwnerExecute) != 0,
                Size = size,
                Sha256 = Digest.FromHash(hash.GetHashAndReset()),
            }
        );
    }

    private static TorchyardException Wrong(string path, string what, string cure) =>
        new("TY1018", $"the source {path} of [[files]] {what}", cure) { IsUsage = true };
}

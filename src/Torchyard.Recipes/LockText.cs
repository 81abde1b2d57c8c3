using System.Text;
using Torchyard.Platform;
using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>
/// Writes <c>torchyard.lock</c>: TOML in one fixed form, so that equal locks are equal files and a difference between two locks is
/// readable line by line. <see cref="LockReader"/> reads it.
/// </summary>
public static class LockText
{
    /// <summary>Name of a lock file.</summary>
    public const string FileName = "torchyard.lock";

    internal const string ChecksumKey = "checksum";

    /// <summary>The file's text, UTF-8 when written.</summary>
    public static string Write(RecipeLock locked)
    {
        ArgumentNullException.ThrowIfNull(locked);
        var body = new TomlText();
        body.Add("recipe-digest", locked.RecipeDigest.ToString());
        body.Add("source-date-epoch", locked.SourceDateEpoch);
        body.Header("tools")
            .Add("format", locked.Tools.Format)
            .Add("supervisor", locked.Tools.Supervisor.ToString())
            .Add("compressor", locked.Tools.Compressor);
        body.Header("recipe");
        RecipeText.Write(body, locked.Recipe, "recipe.");
        foreach (var archive in locked.Archives)
        {
            WriteArchive(body, archive);
        }

        foreach (var package in locked.Packages
            .OrderBy(package => package.Name, StringComparer.Ordinal).ThenBy(package => package.Architecture, StringComparer.Ordinal))
        {
            WritePackage(body, "package", package);
        }

        foreach (var package in locked.BuildPackages
            .OrderBy(package => package.Name, StringComparer.Ordinal).ThenBy(package => package.Architecture, StringComparer.Ordinal))
        {
            WritePackage(body, "build-package", package);
        }

        if (locked.Cudnn is { } cudnn)
        {
            RedistLockText.Write(body, cudnn);
        }

        if (locked.CudaCompat is { } compat)
        {
            RedistLockText.Write(body, compat);
        }

        if (locked.Fit is { } fit)
        {
            FitLockText.Write(body, fit);
        }

        if (locked.Python is { } python)
        {
            PythonLockText.Write(body, python);
        }

        var text = body.ToString();
        return new TomlText()
            .Comment("Written by 'torchyard lock': exactly what the image is made of.")
            .Comment("Keep it under version control; change the recipe and lock again instead of editing it.")
            .Add("version", RecipeLock.CurrentVersion)
            .Add(ChecksumKey, Digest.Of(Encoding.UTF8.GetBytes(text)).ToString())
            + text;
    }

    /// <summary>Digest of a lock: the same for equal locks.</summary>
    public static Digest DigestOf(RecipeLock locked) => Digest.Of(Encoding.UTF8.GetBytes(Write(locked)));

    private static void WriteArchive(TomlText text, LockedArchive archive) => text.ArrayHeader("archive")
        .Add("id", archive.Id)
        .Add("uri", archive.Uri)
        .Add("suite", archive.Suite)
        .Add("components", archive.Components)
        .Add("release-digest", archive.ReleaseDigest.ToString())
        .Add("release-date", archive.ReleaseDate);

    private static void WritePackage(TomlText text, string path, LockedDebianPackage package)
    {
        text.ArrayHeader(path)
            .Add("name", package.Name)
            .Add("version", package.Version)
            .Add("architecture", package.Architecture)
            .Add("source", package.Source)
            .Add("archive", package.Archive)
            .Add("filename", package.Filename)
            .Add("size", package.Size)
            .Add("sha256", package.Sha256.Hex)
            .Add("installed-size", package.InstalledSize);
        if (package.Essential)
        {
            text.Add("essential", true);
        }

        if (package.Requested)
        {
            text.Add("requested", true);
        }
    }
}

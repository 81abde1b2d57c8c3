using System.Text;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Reading;

namespace Torchyard.Recipes.Locks;

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
        foreach (var section in LockSections.All)
        {
            section.Write(body, locked);
        }

        var text = body.ToString();
        return new TomlText()
                .Comment("Written by 'torchyard lock': exactly what the image is made of.")
                .Comment("Keep it under version control; change the recipe and lock again instead of editing it.")
                .Add("version", RecipeLock.CurrentVersion)
                .Add(ChecksumKey, Digest.Of(Encoding.UTF8.GetBytes(text)).ToString()) + text;
    }

    /// <summary>Digest of a lock: the same for equal locks.</summary>
    public static Digest DigestOf(RecipeLock locked) => Digest.Of(Encoding.UTF8.GetBytes(Write(locked)));
}

namespace Torchyard.Recipes.Locks;

/// <summary>A tag of a Git repository. In a lock it is written as in <c>git show-ref</c>: hash, space, name.</summary>
/// <param name="Object">Full hash of what it names: the tag object of an annotated tag, else the commit.</param>
/// <param name="Name">Name below <c>refs/tags/</c>.</param>
public sealed record LockedTag(string Object, string Name)
{
    /// <summary>Reads one; refuses what is not the name of a reference (git-check-ref-format(1)).</summary>
    public static bool TryParse(string text, out LockedTag? tag)
    {
        ArgumentNullException.ThrowIfNull(text);
        tag =
            text.Length > 41 && text[40] == ' ' && text.Take(40).All(char.IsAsciiHexDigitLower) && IsName(text[41..])
                ? new LockedTag(text[..40], text[41..])
                : null;
        return tag is not null;
    }

    /// <inheritdoc />
    public override string ToString() => $"{Object} {Name}";

    private static bool IsName(string name) =>
        name.Length <= 255
        && name[0] is not ('-' or '/' or '.')
        && name[^1] is not ('/' or '.')
        && !name.Any(c => char.IsControl(c) || c is ' ' or '~' or '^' or ':' or '?' or '*' or '[' or '\\')
        && !name.Contains("..", StringComparison.Ordinal)
        && !name.Contains("@{", StringComparison.Ordinal)
        && !name.Contains("//", StringComparison.Ordinal)
        && !name.Split('/').Any(part => part.StartsWith('.') || part.EndsWith(".lock", StringComparison.Ordinal));
}

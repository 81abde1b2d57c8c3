namespace Torchyard.Commands;

/// <summary>A change between two locks or images, as a line for people.</summary>
internal static class ChangeText
{
    /// <summary><c>+ NAME NEW</c>, <c>- NAME OLD</c> or <c>NAME OLD -> NEW</c>, with the names below each other.</summary>
    public static string Of(string name, string? before, string? after) =>
        (before, after) switch
        {
            (null, _) => $"+ {name} {after}",
            (_, null) => $"- {name} {before}",
            _ => $"  {name} {before} -> {after}",
        };
}

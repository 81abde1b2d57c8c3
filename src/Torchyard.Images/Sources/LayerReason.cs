using System.Text.Json.Serialization;

namespace Torchyard.Images.Sources;

/// <summary>Why something is in a lock.</summary>
/// <param name="Package">Name and version.</param>
/// <param name="Kind">The kind of source, in lower case: <c>debian</c>, <c>python</c>, <c>nvidia</c>.</param>
/// <param name="Chains">Shortest chains of requirements, each from what the recipe named down to the package.</param>
/// <param name="Facts">What else decided, one sentence each.</param>
public sealed record LayerReason(string Package, string Kind, IReadOnlyList<IReadOnlyList<string>> Chains, IReadOnlyList<string> Facts)
{
    /// <summary>The kind for people: <c>Debian</c>.</summary>
    [JsonIgnore]
    public string Title { get; init; } = "";

    /// <summary>The reason as lines for people.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"{Package} ({Title})";
        foreach (var chain in Chains)
        {
            yield return chain.Count == 1 ? "├─ the recipe names it" : $"├─ {string.Join(" → ", chain)}";
        }

        for (var index = 0; index < Facts.Count; index++)
        {
            yield return $"{(index == Facts.Count - 1 ? "└─" : "├─")} {Facts[index]}";
        }
    }
}

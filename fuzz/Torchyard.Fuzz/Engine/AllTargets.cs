namespace Torchyard.Fuzz.Engine;

/// <summary>All targets: every class of this assembly that is one.</summary>
public static class AllTargets
{
    /// <summary>Names, sorted.</summary>
    public static IReadOnlyList<string> Names => [.. ByName.Keys];

    internal static SortedDictionary<string, FuzzTarget> ByName { get; } = Find();

    private static SortedDictionary<string, FuzzTarget> Find()
    {
        var targets = new SortedDictionary<string, FuzzTarget>(StringComparer.Ordinal);
        foreach (
            var type in typeof(FuzzTarget).Assembly.GetTypes().Where(type => !type.IsAbstract && type.IsSubclassOf(typeof(FuzzTarget)))
        )
        {
            var target = (FuzzTarget)Activator.CreateInstance(type)!;
            targets.Add(target.Name, target);
        }

        return targets;
    }
}

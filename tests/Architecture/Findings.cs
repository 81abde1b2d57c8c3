namespace Torchyard.Architecture;

/// <summary>What a rule over the sources finds, shown whole.</summary>
internal static class Findings
{
    /// <summary>Fails with a line for each thing found.</summary>
    public static void None<T>(IEnumerable<T> found)
    {
        var list = found.Select(one => one?.ToString()).ToList();
        Assert.True(list.Count == 0, string.Join('\n', list));
    }
}
